import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, withClient } from "../../../test-support/servers/postgres.ts";
import { openTestDatabase } from "../../../test-support/servers/store.ts";
import { watchedServer } from "../../../test-support/servers/watched.ts";
import type { OpenDatabase } from "../postgres/open-database.ts";
import { genericPlans } from "./generic-plans.ts";
import { nodesOf } from "./plan-nodes.ts";
import { planSuggestions, workMemory } from "./plan-suggestions.ts";
import { tableFacts } from "./table-facts.ts";

/** 50,000 orders of 5000 customers, at prices that all differ, half of them open; 20 shops; the same orders by month. */
const tables = `
create table orders (id integer primary key, customer integer, price integer, "is Open" boolean, label varchar(20), placed timestamptz);
insert into orders select n, n % 5000, n, n % 2 = 0, 'order ' || n, '2026-01-01'::timestamptz + n * interval '1 minute'
  from generate_series(1, 50000) n;
create table shops (id integer primary key, buyer integer);
insert into shops select n, n from generate_series(1, 20) n;
create table small (id integer, customer integer);
insert into small select n, n % 5000 from generate_series(1, 9999) n;
create table months (customer integer, placed timestamptz) partition by range (placed);
create table months_1 partition of months for values from ('2026-01-01') to ('2026-01-20');
create table months_2 partition of months for values from ('2026-01-20') to ('2027-01-01');
insert into months select customer, placed from orders;
analyze`;

let server: TestServer;
let url: string;
let database: OpenDatabase;
beforeAll(async () => {
  server = await watchedServer();
  url = await server.createDatabase();
  await run(tables);
  database = openTestDatabase({ url });
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

const run = (text: string) => withClient(url, (client) => client.query(text));

async function suggestionsFor(
  text: string,
  { isSpilling = false, genericExplainFrom = 160_000 } = {},
): Promise<readonly string[]> {
  return suggestionsOf(await genericPlans(database, [text], genericExplainFrom), database, isSpilling);
}

async function suggestionsOf(
  plans: Awaited<ReturnType<typeof genericPlans>>,
  from: OpenDatabase,
  isSpilling = false,
): Promise<readonly string[]> {
  const [plan] = plans;
  if (typeof plan === "string") throw new Error(plan);
  return planSuggestions(plan, { facts: await tableFacts(from, plans), memory: await workMemory(from), isSpilling });
}

/** Builds the index as suggested: then nothing is suggested any more. */
async function mend(text: string, suggestions: readonly string[]): Promise<void> {
  const statements = suggestions.map(
    (suggestion) => /CREATE INDEX CONCURRENTLY [^()]*\([^()]*\)/.exec(suggestion)?.[0] ?? "none",
  );
  const before = await indexes();
  for (const statement of statements) await run(statement);
  expect(await suggestionsFor(text)).toEqual([]);
  for (const name of await indexes()) if (!before.includes(name)) await run(`drop index "${name}"`);
}

const indexes = async () =>
  (await run("select indexname as name from pg_indexes where schemaname = 'public'")).rows.map(({ name }) => String(name));

describe("an index is suggested where the plan lacks it, and no more once it is built:", () => {
  it.each([160_000, 1e9])(
    "for a condition on a column of a large table (generic plans of EXPLAIN from version %d)",
    async (genericExplainFrom) => {
      const text = "select id from orders where customer = $1";
      const suggestions = await suggestionsFor(text, { genericExplainFrom });
      expect(suggestions).toEqual([
        "public.orders is read whole (50,000 rows) for those of some customer, and no index begins with it: CREATE INDEX CONCURRENTLY ON public.orders (customer)",
      ]);
      await mend(text, suggestions);
    },
  );

  it.each([
    ["select id from orders where label = $1 and $2 < price", "(label, price)"],
    ["select id from orders o where 7 = o.customer", "(customer)"],
    ["select id from orders where price > $1 and price < $2", "(price)"],
    ['select id from orders where "is Open" = $1 and customer = any($2)', "(customer)"],
  ])("for the columns that are compared: %s", async (text, columns) => {
    const suggestions = await suggestionsFor(text);
    expect(suggestions).toHaveLength(1);
    expect(suggestions[0].slice(suggestions[0].indexOf("CREATE"))).toBe(`CREATE INDEX CONCURRENTLY ON public.orders ${columns}`);
    await mend(text, suggestions);
  });

  it("for ORDER BY with LIMIT, after the columns that are compared", async () => {
    const text = "select id from orders order by placed desc, price desc limit $1";
    const suggestions = await suggestionsFor(text);
    expect(suggestions).toEqual([
      "ORDER BY placed DESC, price DESC with LIMIT sorts 50,000 rows of public.orders, which an index gives in order: CREATE INDEX CONCURRENTLY ON public.orders (placed DESC, price DESC)",
    ]);
    await mend(text, suggestions);
    const filtered = "select id from orders where customer = $1 order by placed limit 10";
    const both = await suggestionsFor(filtered);
    expect(both).toMatchObject([expect.stringMatching(/ON public\.orders \(customer, placed\)$/)]);
    await mend(filtered, both);
  });

  it("for a join of few rows with a large table", async () => {
    const text = "select o.id from shops s join orders o on o.customer = s.buyer";
    const suggestions = await suggestionsFor(text);
    expect(suggestions).toEqual([
      "the join reads public.orders whole (50,000 rows) to find those of some customer, and no index begins with it: CREATE INDEX CONCURRENTLY ON public.orders (customer)",
    ]);
    await mend(text, suggestions);
  });

  const joins = ["hashjoin", "mergejoin", "nestloop"];
  it.each(joins)(
    "for a join of few rows with a large table, also when it is a %s, and not when the index is there",
    async (kind) => {
      const off = [...joins.filter((other) => other !== kind), "indexscan", "bitmapscan", "indexonlyscan"];
      const options = off.map((name) => `-c enable_${name}=off`).join(" ");
      const own = openTestDatabase({ url: `${url}?options=${encodeURIComponent(options)}` });
      const text = "select o.id from shops s join orders o on o.customer = s.buyer";
      const suggested = async () => {
        const plans = await genericPlans(own, [text]);
        const nodes = typeof plans[0] === "string" ? [] : nodesOf(plans[0]).map((node) => node["Node Type"]);
        expect(nodes).toContain({ hashjoin: "Hash Join", mergejoin: "Merge Join", nestloop: "Nested Loop" }[kind]);
        return suggestionsOf(plans, own);
      };
      try {
        expect(await suggested()).toEqual([expect.stringMatching(/^the join reads .* ON public\.orders \(customer\)$/)]);
        await run("create index there on orders (customer)");
        expect(await suggested()).toEqual([]);
      } finally {
        await run("drop index if exists there");
        await own.close();
      }
    },
  );

  it("for a table that a nested loop reads again for each row of another large one", async () => {
    const options = ["hashjoin", "mergejoin", "material"].map((name) => `-c enable_${name}=off`).join(" ");
    const own = openTestDatabase({ url: `${url}?options=${encodeURIComponent(options)}` });
    try {
      const plans = await genericPlans(own, ["select 1 from orders o join months_2 m on o.price = m.customer"]);
      expect(await suggestionsOf(plans, own)).toEqual([expect.stringMatching(/^the join reads public\.(orders|months_2) whole/)]);
    } finally {
      await own.close();
    }
  });

  it("five at most", async () => {
    const conditions = [
      "orders where customer",
      "orders where price",
      "orders where label",
      "orders where placed",
      "months where customer",
    ];
    const selects = [...conditions, "months where placed"].map((condition) => `select 1 from ${condition} = $1`);
    const all = selects.map((select, at) => select.replace("$1", `$${at + 1}`)).join(" union all ");
    expect(await suggestionsFor(all)).toHaveLength(5);
  });

  it("for a table in months, once, on the month and with the name of the table", async () => {
    const suggestions = await suggestionsFor("select placed from months where customer = $1");
    expect(suggestions).toHaveLength(1);
    expect(suggestions[0]).toMatch(
      /CREATE INDEX CONCURRENTLY ON public\.months_[12] \(customer\) \(and on the other partitions of public\.months\)$/,
    );
  });
});

describe("no index is suggested", () => {
  it.each([
    ["for a small table", "select id from small where customer = $1"],
    ["where most rows are wanted", 'select id from orders where "is Open" = $1'],
    ["where one is used", "select price from orders where id = $1"],
    [
      "where one begins with a column that is compared, though it is not used",
      "select price from orders where id + 0 > $1 and id > 0",
    ],
    ["for a comparison with an expression", "select id from orders where price + 0 = $1"],
    ["for two columns of one table", "select id from orders where price = customer"],
    ["for one condition or another", "select id from orders where price = $1 or customer = $2"],
    ["for the order of a small table", "select id from small order by customer limit 10"],
    ["for the order by an expression", "select id from orders order by price + 1 limit 10"],
    ["for an order without a limit", "select id from orders order by price"],
    ["for an order that an index gives", "select id from orders order by id desc limit 10"],
    ["for a join of a large table with all of another", "select o.id from orders o join orders p on p.price = o.customer"],
    ["for a statement without a table", "select $1::integer"],
  ])("%s: %s", async (_, text) => expect(await suggestionsFor(text)).toEqual([]));

  it("for an expression or some rows only when one of those exists, and for an INVALID one", async () => {
    await run("create index on orders ((customer + 1)); create index partial on orders (customer) where price > 49990");
    const text = "select id from orders where customer = $1";
    expect(await suggestionsFor(text)).toHaveLength(1);
    await run("create index whole on orders (customer)");
    expect(await suggestionsFor(text)).toEqual([]);
    await run("update pg_index set indisvalid = false where indexrelid = 'whole'::regclass");
    expect(await suggestionsFor(text)).toHaveLength(1);
    await run("drop index whole, partial, orders_expr_idx");
  });
});

describe("work that goes to disk", () => {
  const small = async (text: string, isSpilling = true) => {
    await run("alter role nomaly set work_mem = '1MB'");
    const own = openTestDatabase({ url });
    try {
      return await suggestionsOf(await genericPlans(own, [text]), own, isSpilling);
    } finally {
      await own.close();
      await run("alter role nomaly reset work_mem");
    }
  };

  it("is said of a sort that the plan shows to be larger than work_mem", async () => {
    // costsize.c: 50,000 rows x (4 bytes, aligned to 8, + 24 of a row's header) = 1.53 MiB.
    expect(await small("select price from orders order by price")).toEqual([
      "a sort of about 2 MB does not fit into 1 MB and goes to disk: raise work_mem for this statement, or give it fewer rows",
    ]);
    expect(await suggestionsFor("select price from orders order by price", { isSpilling: true })).toEqual([]);
  });

  it("is said of hashes", async () => {
    // nodeHash.c: 50,000 rows x (15 bytes, aligned to 16, + 32) = 2.29 MiB; hash_mem_multiplier is 2.
    expect(await small("select o.id, p.label from orders o join orders p on p.price = o.customer")).toEqual([
      "the hash of a join of about 3 MB does not fit into 2 MB and goes to disk: raise work_mem for this statement, or give it fewer rows",
    ]);
    expect(await small("select price, count(*) from orders group by price")).toEqual([
      "a hashed aggregate does not fit into 2 MB and goes to disk: raise work_mem for this statement, or give it fewer rows",
    ]);
  });

  it("is not said when no call has written to disk, nor of a sort that keeps its first rows", async () => {
    expect(await small("select price from orders order by price", false)).toEqual([]);
    expect(await small("select id from orders order by price + 1 limit 10")).toEqual([]);
  });
});

describe("a statement is not explained", () => {
  it.each([
    ["that deletes", "delete from orders", "it does not only read"],
    ["that reads what it deletes", "with gone as (delete from orders returning *) select * from gone", "it does not only read"],
    ["that is two", "select 1; drop table orders", "it is more than one statement"],
    ["that is two, with comments", "select 1 /* ; */; -- x\ndrop table orders", "it is more than one statement"],
    ["without its table", "select $1 from nowhere", 'PostgreSQL makes no plan of it: relation "nowhere" does not exist'],
    ["that is long", `select '${"x".repeat(10_000)}'`, "it is longer than 10000 characters"],
    ["of another role", undefined, "another role runs it: only its own plans are made for a role"],
  ])("%s", async (_, text, why) => {
    for (const from of [160_000, 1e9]) expect(await genericPlans(database, [text], from)).toEqual([why]);
    expect((await run("select count(*)::integer as count from orders")).rows).toEqual([{ count: 50_000 }]);
  });

  it("when it waits for a lock, and those after it are", async () => {
    await withClient(url, async (other) => {
      await other.query("begin; lock table shops in access exclusive mode");
      const plans = await genericPlans(database, ["select * from shops where id = $1", "select $1::integer; "], 1e9);
      expect(plans).toMatchObject([expect.stringContaining("lock timeout"), { "Node Type": "Result" }]);
      await other.query("rollback");
    });
  });

  it("for update: that reads, and its plan locks nothing", async () => {
    expect(await genericPlans(database, ["(select * from orders where id = $1 for no key update)"])).toMatchObject([
      { "Node Type": "LockRows" },
    ]);
  });
});

import type { FastifyRequest } from "fastify";
import { expect, it } from "vitest";
import { callOf, route } from "./shared.ts";

it("lets work ask for more time than a request has, and never for less", () => {
  const deadline = { at: performance.now() + 1000 };
  const request = { deadline, caller: { actor: "test" }, id: "1", headers: {} } as unknown as FastifyRequest;
  const { allowTime } = callOf(request);
  allowTime?.(90_000);
  const later = deadline.at;
  expect(later - performance.now()).toBeGreaterThan(89_000);
  allowTime?.(10);
  expect(deadline.at).toBe(later);
});

it("tells what is checked of a route from what is known of it, and takes nothing else", () => {
  const tags = ["a"];
  expect(route({ scope: "read", tags, bodyLimit: 7 })).toEqual({ bodyLimit: 7, config: { scope: "read" }, schema: { tags } });
  // @ts-expect-error Fastify checks headers by their schema, and this would be a fact.
  route({ scope: "read", headers: {} });
});

/** A card of numbers, each with its name and what it means. */

import type { PartFacts } from "./part-facts.ts";

export function Facts({ title, facts, advice }: PartFacts) {
  const id = `facts-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {advice.map((line) => (
        <p key={line} class="advice">
          {line}
        </p>
      ))}
      <dl class="facts">
        {facts.map(({ name, text, meaning }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="fact">{text}</dd>
            <dd class="meaning">{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

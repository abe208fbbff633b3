/** Ten lines to a first score: which of these cars is odd, and why? */

import { detect, load } from "@nomaly/detect";

const cars = Array.from({ length: 60 }, (_, i) => ({ horsepower: 75 + ((i * 17) % 60), weight: 900 + ((i * 131) % 500) }));
cars[33] = { horsepower: 230, weight: 910 };

const { model, scores, labels } = await detect(cars, { detector: "robust-z", contamination: 0.01 });
const oddest = scores.indexOf(Math.max(...scores));
const [reason] = model.explain([cars[oddest]]).rows[0].reasons;
console.log(`car ${oddest}: ${reason.column} ${reason.value}; ${labels.filter(Boolean).length} of ${cars.length} are anomalous`);

const again = load(model.save());
console.log(
  `a new car scores ${again.score([{ horsepower: 100, weight: 1100 }])[0].toFixed(2)}, the limit is ${again.threshold.toFixed(2)}`,
);

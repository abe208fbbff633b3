import { testMutatedModels } from "../test-support/mutated-model-tests.ts";

testMutatedModels({ mutantCount: 1000, seed: 1, everyCorner: true, timeoutMs: 600_000 });

import { testMutatedModels } from "../test-support/mutated-model-tests.ts";

testMutatedModels({ mutantCount: 120, seed: 20_261_124, everyCorner: false, timeoutMs: 60_000 });

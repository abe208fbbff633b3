/** The model file: one safe buffer of a JSON header and aligned arrays. */

export { decodeModelFile } from "./decode.ts";
export { encodeModelFile } from "./encode.ts";
export { formatVersion } from "./format.ts";
export type { ModelFileContent } from "./format.ts";

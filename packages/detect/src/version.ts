/** The version written into model files; a test checks that it is the package's. */
export const libraryVersion = "0.1.0";

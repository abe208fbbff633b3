/** The version written into model files; a test holds it to the package's. */
export const libraryVersion = "0.1.0";

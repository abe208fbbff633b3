/** The type of an import with `?url`, which the bundler turns into a URL. */
declare module "*?url" {
  const url: string;
  export default url;
}

/** What the bundler makes of an import with `?url`. */
declare module "*?url" {
  const url: string;
  export default url;
}

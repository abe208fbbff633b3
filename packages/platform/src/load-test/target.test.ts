import { expect, it } from "vitest";
import { findTarget } from "./target.ts";

const given = { apiKey: undefined, isOwned: false };

it.each(["http://127.0.0.1:80", "http://127.9.9.9", "http://[::1]:8080", "http://localhost:8080/base/"])(
  "%s is on this machine",
  async (url) => {
    await expect(findTarget({ ...given, url })).resolves.toMatchObject({ url: new URL(url).href.replace(/\/$/, "") });
  },
);

it.each(["http://192.0.2.1:8080", "http://10.0.0.1", "http://[2001:db8::1]", "http://0.0.0.0:1", "http://[::ffff:808:808]"])(
  "%s is refused unless the caller says that it is theirs",
  async (url) => {
    await expect(findTarget({ ...given, url })).rejects.toMatchObject({ code: "USAGE", field: "url" });
    await expect(findTarget({ ...given, url, isOwned: true })).resolves.toMatchObject({ url });
  },
);

it.each([
  "127.0.0.1:80",
  "ftp://127.0.0.1",
  "http://user:secret@127.0.0.1",
  "http://127.0.0.1/?a=1",
  "ftp://user:secret@127.0.0.1",
])("%s is no address of a service, and the message shows no password", async (url) => {
  await expect(findTarget({ ...given, url })).rejects.toMatchObject({
    code: "USAGE",
    message: expect.not.stringContaining("secret") as string,
  });
});

it("a key that would begin another header is refused without being shown", async () => {
  await expect(findTarget({ ...given, url: "http://127.0.0.1", apiKey: "secret\r\nx: y" })).rejects.toMatchObject({
    code: "USAGE",
    message: expect.not.stringContaining("secret") as string,
  });
});

it("a request is one of HTTP/1.1 with the key, below the path of the URL", async () => {
  const target = await findTarget({ ...given, url: "http://127.0.0.1:81/base/", apiKey: "k" });
  expect(target.request("POST", "/detection/predict", "{}").split("\r\n")).toEqual([
    "POST /base/detection/predict HTTP/1.1",
    "host: 127.0.0.1:81",
    "user-agent: nomaly-loadtest",
    "accept: application/json",
    "x-api-key: k",
    "content-type: application/json",
    "content-length: 2",
    "",
    "{}",
  ]);
});

it.each([
  ["http://127.0.0.1", 80, false],
  ["https://127.0.0.1", 443, true],
  ["https://127.0.0.1:8443", 8443, true],
])("%s is at port %i", async (url, port, isTls) => {
  await expect(findTarget({ ...given, url })).resolves.toMatchObject({ endpoint: { host: "127.0.0.1", port, isTls } });
});

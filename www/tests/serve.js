/** A small server of static files that imitates other hosts, with their headers and their faults. */

import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".csv": "text/csv",
};

/** Headers that let pages of other origins read the answers, like those of CDNs. */
export const CORS = { "access-control-allow-origin": "*" };

/**
 * Serves a folder (a URL) on a free port, with headers on each answer. `pages` are texts by their paths, instead of
 * files; `missing` matches paths without a file; a `fallback` is the page that is sent for those, as by servers of
 * single-page apps.
 */
export async function serve(folder, { headers = {}, pages = {}, missing = () => false, fallback } = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    const body = (missing(path) ? undefined : (pages[path] ?? contents(new URL(`.${path}`, folder)))) ?? fallback;
    const type = body === fallback ? TYPES[".html"] : (TYPES[extname(path)] ?? "application/octet-stream");
    response.writeHead(body === undefined ? 404 : 200, { "content-type": type, "cache-control": "no-store", ...headers });
    response.end(body ?? "not found");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function contents(file) {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file) : undefined;
}

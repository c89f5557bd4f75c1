// Writes a .gz and a .br beside every text file of a build, so that the server never compresses while somebody waits.

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const TEXT = /\.(js|css|html|svg|webmanifest|json)$/;
const SMALLEST = 512;
const folder = process.argv[2];

for (const name of readdirSync(folder, { recursive: true })) {
  const file = join(folder, name);
  if (!TEXT.test(name) || statSync(file).size < SMALLEST) continue;
  const content = readFileSync(file);
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${file}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }));
}

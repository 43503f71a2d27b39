/** Serving runs, which `cluster/` saves without interactions: they answer, and say what is not possible. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { blank, open, start } from "./browser.js";
import { main, phase } from "./visit.js";

const saved = readFileSync(new URL("../../cluster/tests/fixtures/serving.safetensors", import.meta.url));

let session;
before(async () => (session = await start()));
after(() => session?.stop());

test("the page recommends from a serving run, and says that it cannot be trained", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  await page.locator("input[type=file]").setInputFiles({ name: "serving.safetensors", mimeType: "application/octet-stream", buffer: saved });
  const controls = page.locator("tt-run-controls");
  await controls.getByText("This run was saved to serve recommendations. It has no interactions").waitFor();
  await controls.getByText("Serves recommendations").waitFor();
  assert.ok(await main(page).isDisabled());
  assert.ok(await page.getByRole("heading", { name: "Compare strategies" }).isHidden());
  const list = page.locator("tt-ask-panel section.recommended tt-item-list button");
  await list.nth(9).waitFor();
  assert.match(await list.first().textContent(), /Title \d+/);
  await page.getByText("Export recommendations, vectors and code").click();
  assert.ok(await page.locator("tt-export-menu").getByRole("button", { name: "Download CSV" }).isEnabled());
  assert.deepEqual(faults, []);
  await close();
});

for (const backend of ["cpu", "webgpu"]) {
  test(`a trainer answers from a serving run and refuses to train: ${backend}`, async () => {
    const { page, close } = await blank(session);
    const found = await page.evaluate(
      async ([bytes, backend]) => {
        const { Trainer } = await import("./twotower.js");
        const trainer = await Trainer.load(new Uint8Array(bytes), { backend });
        const [user] = await trainer.users("", 1);
        const items = [...(await trainer.recommend({ user }, 5))];
        const refusal = await trainer.train().next().then(
          () => "trains",
          ({ code, message }) => `${code}: ${message}`,
        );
        const after = await trainer.similar(items[0].item, 3);
        return { items, refusal, train: trainer.about.data.train, similar: [...after].length };
      },
      [[...saved], backend],
    );
    assert.equal(found.items.length, 5);
    assert.ok(found.items.every(({ title, score }) => /^Title \d+$/.test(title) && Math.abs(score) <= 1.001));
    assert.match(found.refusal, /^not-available: training of a serving run, which was saved without interactions, is not available/);
    assert.deepEqual([found.train, found.similar], [0, 3]);
    await close();
  });
}

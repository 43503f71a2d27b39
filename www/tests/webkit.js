/** WebKitGTK for browser tests: MiniBrowser on a virtual screen. */

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";

import { Builder } from "selenium-webdriver";

const LIBRARIES = "/usr/lib";

/** Starts WebKitGTK with a fresh profile. Returns its driver, and a function that ends everything. */
export async function launchWebkit() {
  const binary = miniBrowser();
  const screen = spawn("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x860x24"], { stdio: ["ignore", "pipe", "ignore"] });
  const number = await said(screen, "no Xvfb: install `xvfb`");
  const port = await freePort();
  // In the locale C, WebKit names the language "C", which `Intl` rejects.
  const env = { ...process.env, DISPLAY: `:${number}`, LANGUAGE: "en", LANG: "en_US.UTF-8", LC_ALL: "en_US.UTF-8" };
  const server = spawn("WebKitWebDriver", [`--port=${port}`], { stdio: "ignore", env });
  const end = () => {
    server.kill();
    screen.kill();
  };
  try {
    await started(server, port);
    const options = { binary, args: ["--automation"] };
    const capabilities = { browserName: "MiniBrowser", "webkitgtk:browserOptions": options };
    const driver = await new Builder().usingServer(`http://127.0.0.1:${port}`).withCapabilities(capabilities).build();
    const stop = async () => {
      await driver.quit();
      end();
    };
    return { driver, stop };
  } catch (error) {
    end();
    throw error;
  }
}

function miniBrowser() {
  const folders = readdirSync(LIBRARIES).flatMap((triple) => {
    const inside = `${LIBRARIES}/${triple}`;
    return ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"].map((folder) => `${inside}/${folder}/MiniBrowser`);
  });
  const found = folders.find((path) => existsSync(path));
  if (found === undefined) throw new Error("no MiniBrowser: install `webkit2gtk-driver`");
  return found;
}

/** Returns the first line that a program prints. */
async function said(program, lack) {
  const [text] = await Promise.race([
    once(program.stdout, "data"),
    once(program, "error").then(() => Promise.reject(new Error(lack))),
    once(program, "exit").then(([code]) => Promise.reject(new Error(`${program.spawnfile} ended with status ${code}`))),
  ]);
  return String(text).trim();
}

/** Waits until the driver answers. */
async function started(server, port) {
  const lack = once(server, "error").then(() => Promise.reject(new Error("no WebKitWebDriver: install `webkit2gtk-driver`")));
  const ready = async () => {
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await fetch(`http://127.0.0.1:${port}/status`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("WebKitWebDriver does not answer");
  };
  await Promise.race([ready(), lack]);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

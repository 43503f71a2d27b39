/** Downloads that the page makes itself. */

/** Milliseconds that a browser has to begin a download before its URL is revoked. */
const KEPT = 60_000;

/** Downloads a file. */
export function give(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Some browsers begin the download after this task.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}

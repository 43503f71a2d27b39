/** Small synthetic data: users of a group like the items of that group. */

const USERS = 60;
const ITEMS = 40;
const GROUPS = 4;

/** Interactions as CSV with a header. They contain the ids of README's example. */
export function ratings() {
  const users = ["17850", ...Array.from({ length: USERS - 1 }, (_, ix) => `u${ix + 1}`)];
  const items = ["22423", "85123A", ...Array.from({ length: ITEMS - 2 }, (_, ix) => `i${ix + 2}`)];
  const lines = users.flatMap((user, u) =>
    items
      .filter((_, i) => (i % GROUPS === u % GROUPS ? (u + i) % 5 !== 0 : (u * 7 + i * 3) % 17 === 0))
      .map((item, n) => `${user},${item},${1_000_000 + 100 * n + u}`),
  );
  return ["user,item,timestamp", ...lines].join("\n");
}

/** Titles of the items, as CSV. */
export function titles() {
  const ids = ["22423", "85123A", ...Array.from({ length: ITEMS - 2 }, (_, ix) => `i${ix + 2}`)];
  return ["item,title", ...ids.map((id) => `${id},Title of ${id}`)].join("\n");
}

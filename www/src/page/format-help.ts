import { css, html, LitElement, type TemplateResult } from "lit";

import { base } from "../panels/base.js";
import { define } from "../panels/define.js";
import { give } from "./downloads.js";

/** Guide to all formats and options for reading. */
const GUIDE = "https://github.com/twotower/twotower/blob/main/docs/your-data.md";

/** First lines of a file of ratings, and of a file of titles. */
const RATINGS = "user,item,rating,timestamp\nann,b1,5,2026-03-01\nann,b7,3,2026-03-04\nbob,b1,4,2026-02-11";
const TITLES = "item,title\nb1,Dune\nb7,Emma";

/** Help on the files that can be read, with a sample to try. */
@define("tt-format-help")
export class FormatHelp extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 8px;
        margin-top: 4px;
      }
      pre {
        margin: 0;
        padding: 8px 10px;
        overflow-x: auto;
        border-radius: 6px;
        background: var(--sunken);
        font-size: 0.75rem;
      }
      .button {
        min-height: 32px;
        padding: 0 10px;
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<p>
        One line for each pair of a user and an item. Ratings, times and the header are optional. The separator
        may be a comma, a semicolon, a tab or another one:
      </p>
      <pre tabindex="0" role="region" aria-label="A file of ratings">${RATINGS}</pre>
      <p>Titles are in a second file, <code>items.csv</code>. Drop it together with the first one:</p>
      <pre tabindex="0" role="region" aria-label="A file of titles">${TITLES}</pre>
      <p>
        The page also reads JSON lines, JSON arrays, all MovieLens files, <code>.gz</code> and <code>.zip</code>. Before
        training, it shows the first rows, where you can correct the columns. <a href=${GUIDE}>All formats</a>.
      </p>
      <div>
        <button class="button small" @click=${() => give(new Blob([sample()], { type: "text/csv" }), SAMPLE)}>Download a sample</button>
      </div>`;
  }
}

const SAMPLE = "sample-ratings.csv";

/** Books of two kinds. The ids are titles, so that one file is enough. */
const BOOKS = [
  ["Dune", "Foundation", "Neuromancer", "Hyperion", "Solaris", "Contact", "Ringworld", "Snow Crash", "The Martian", "I, Robot"],
  ["Emma", "Persuasion", "Jane Eyre", "Middlemarch", "Villette", "Rebecca", "Cranford", "Mansfield Park", "The Warden", "Evelina"],
] as const;
const READERS = 60;

/** Returns ratings of readers. Each reader prefers one kind of books, and rates a few of the other kind low. */
export function sample(): string {
  const lines = Array.from({ length: READERS }, (_, reader) =>
    BOOKS.flatMap((books, taste) => {
      const own = reader % BOOKS.length === taste;
      const read = books.filter((_, book) => (own ? (book + reader) % 4 !== 0 : (book * 3 + reader) % 11 === 0));
      return read.map((title, nth) => `reader ${reader + 1},${title.includes(",") ? `"${title}"` : title},${own ? 5 - (nth % 2) : 2},${day(reader + nth)}`);
    }),
  );
  return `${["user,item,rating,timestamp", ...lines.flat()].join("\n")}\n`;
}

function day(nth: number): string {
  return new Date(Date.UTC(2026, 0, 1 + nth)).toISOString().slice(0, 10);
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-format-help": FormatHelp;
  }
}

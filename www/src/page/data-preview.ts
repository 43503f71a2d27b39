import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";

import type { About, FileReport, OptionSpec, TwoTowerError } from "../index.js";
import { barredBy, refusedBy } from "../panels/barred.js";
import { base } from "../panels/base.js";
import type { DataSet } from "../panels/data-set.js";
import { define } from "../panels/define.js";
import { count, plural } from "../panels/format.js";
import { marked } from "../panels/marked.js";
import "../panels/option-fields.js";
import { READING, SPLITTING, UNGUESSED } from "../panels/options.js";
import { DEFAULTS, type Settings, type Values } from "../panels/settings.js";
import { table } from "../panels/table.js";
import type { Named } from "../panels/techniques.js";
import { assigned, columnsOf, isChosen, reassigned, type Role, rolesOf } from "./column-roles.js";
import { inWords } from "./words.js";

/** Shows how the visitor's files were read, with fields to correct it. Sends `settings` and `dismiss`. */
@define("tt-data-preview")
export class DataPreview extends LitElement {
  static override styles = [
    base,
    table,
    css`
      section {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 12px;
        padding: 16px;
      }
      .said {
        display: grid;
        gap: 6px;
        padding: 10px 12px;
        border: 1px solid var(--line);
        border-radius: 8px;
        overflow-wrap: anywhere;
      }
      .warnings {
        border-color: var(--accent);
        background: var(--warn);
      }
      .suggestion {
        display: flex;
        flex-wrap: wrap;
        gap: 6px 12px;
        align-items: center;
        justify-content: space-between;
      }
      .suggestion .button {
        min-height: 32px;
        padding: 0 12px;
      }
      .files {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr));
        gap: 16px 24px;
      }
      .file {
        align-content: start;
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 6px;
      }
      .file p {
        overflow-wrap: anywhere;
      }
      code {
        font-size: 0.95em;
      }
      table {
        width: auto;
      }
      th,
      td,
      th:first-child {
        max-width: 24ch;
        padding: 4px 8px;
        overflow: hidden;
        text-overflow: ellipsis;
        text-align: start;
      }
      th:first-child,
      td:first-child {
        padding-inline-start: 0;
      }
      thead tr:first-child th {
        padding-bottom: 0;
        /* The outline of a select in focus. */
        overflow: visible;
      }
      select {
        width: 100%;
        min-width: 88px;
        min-height: 32px;
        color: var(--ink);
        font-weight: 550;
      }
      select.asked {
        border-color: var(--accent);
        outline: 1px solid var(--accent);
      }
      details tt-option-fields {
        margin-top: 10px;
      }
      tt-option-fields {
        grid-template-columns: repeat(auto-fill, minmax(136px, 1fr));
      }
    `,
  ];

  @property({ attribute: false }) dataSet: DataSet | undefined;
  @property({ attribute: false }) about: About | undefined;
  @property({ attribute: false }) error: TwoTowerError | undefined;
  @property({ attribute: false }) specs: readonly OptionSpec[] = [];
  @property({ attribute: false }) settings: Settings = DEFAULTS;
  @property({ type: Boolean }) disabled = false;
  /** Whether the files were rejected while there is another run. Then they can be dismissed. */
  @property({ type: Boolean }) aside = false;
  /** The last reports on the files. */
  @state() private files: readonly FileReport[] = [];
  /** Description of the run that was created from them; undefined if they were rejected. */
  @state() private read: About | undefined;
  /** The options as the page offers them for the visitor's own files. */
  private offered: readonly OptionSpec[] = [];

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("dataSet")) {
      this.files = [];
      this.read = undefined;
    }
    if (changed.has("specs")) this.offered = this.specs.map(offered);
    // Both stay while the files are read again, so that a field keeps its place and its focus.
    this.files = this.about?.data.read ?? refused(this.error) ?? this.files;
    if (this.about ?? this.error) this.read = this.about;
  }

  override render(): TemplateResult {
    const { values } = this.settings;
    const failed = this.error?.code === "data" || this.error?.code === "config";
    return html`<section
      class="card"
      aria-labelledby="heading"
      @values=${({ detail }: CustomEvent<Values>) => this.#send(detail)}
    >
      <div class="suggestion">
        <h3 id="heading">Your ${this.files.length > 1 ? "files" : "file"}</h3>
        ${this.aside
          ? html`<button class="button small" type="button" @click=${() => this.dispatchEvent(new Event("dismiss"))}>Dismiss</button>`
          : nothing}
      </div>
      ${this.#warnings()} ${this.#notes()}
      <div class="files">${this.files.map((file) => this.#file(file))}</div>
      ${this.read ? html`<p class="small">${splitOf(this.read, values)}</p>` : nothing}
      ${this.#fields(READING.filter(([key]) => !this.dataSet?.given || key !== "split.kind"))}
      <details class="small" ?open=${failed}>
        <summary>How the ${this.files.length > 1 ? "files are" : "file is"} read</summary>
        ${this.#fields(this.#unguessed())}
      </details>
    </section>`;
  }

  #warnings(): TemplateResult | typeof nothing {
    const { warnings = [] } = this.read?.data ?? {};
    if (warnings.length === 0) return nothing;
    return html`<ul class="said warnings small" aria-label="Warnings">
      ${warnings.map((warning) => html`<li>${marked(inWords(warning))}</li>`)}
    </ul>`;
  }

  #notes(): TemplateResult | typeof nothing {
    const { read, settings } = this;
    if (read === undefined) return nothing;
    // The page shows a button instead of this note.
    const notes = read.data.notes.filter((note) => !note.includes("`data.minRating`"));
    const limited = read.config.data.minRating !== null || (settings.values["data.minRating"] ?? null) !== null;
    const [least, most] = (limited ? undefined : read.data.read.find(({ ratings }) => ratings)?.ratings) ?? [0, 0];
    if (notes.length === 0 && least === most) return nothing;
    const from = Math.ceil(least + (most - least) * 0.75);
    return html`<ul class="said small" aria-label="Notes">
      ${least === most
        ? nothing
        : html`<li class="suggestion">
            <span>Ratings range from ${least} to ${most}, and all count as likes. Count only ${from} and above?</span>
            <button
              class="button"
              type="button"
              ?disabled=${this.disabled}
              @click=${() => this.#send({ ...settings.values, "data.minRating": from })}
            >
              Count only ${from} and above
            </button>
          </li>`}
      ${notes.map((note) => html`<li>${marked(inWords(note))}</li>`)}
    </ul>`;
  }

  #file(file: FileReport): TemplateResult {
    return html`<div class="file small">
      <p class="figure"><strong>${file.file}</strong> <span class="muted">${understood(file)}</span></p>
      ${file.rows.length > 0 ? this.#table(file) : nothing}
    </div>`;
  }

  #table(file: FileReport): TemplateResult {
    const columns = columnsOf(file);
    const roles = assigned(file, this.settings.values);
    const body = file.header ? file.rows.slice(1) : file.rows;
    const role = (position: number): TemplateResult | string =>
      file.layout === "lists" ? (position === 0 ? "user" : "item") : this.#role(file, position, roles[position]);
    return html`<div class="scroll">
      <table>
        <thead>
          <tr>
            ${columns.map((_, position) => html`<th scope="col">${role(position)}</th>`)}
          </tr>
          <tr>
            ${columns.map((name) => html`<th scope="col" title=${name}>${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${body.map(
            (row) => html`<tr>
              ${columns.map((_, position) => html`<td title=${row[position] ?? ""}>${row[position]}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #role(file: FileReport, position: number, role: Role | undefined): TemplateResult {
    const { values } = this.settings;
    const roles = rolesOf(file);
    const fixed = role !== undefined && !isChosen(role, values);
    return html`<select
      class="field ${this.#isAsked(role) ? "asked" : ""}"
      aria-label="Role of column ${columnsOf(file)[position]} of ${file.file}"
      ?disabled=${this.disabled}
      @change=${({ target }: Event) => {
        const chosen = roles.find((other) => other.role === (target as HTMLSelectElement).value);
        this.#send(reassigned(file, values, position, chosen));
      }}
    >
      <option value="" ?disabled=${fixed} .selected=${live(role === undefined)}>–</option>
      ${roles.map(
        (other) => html`<option value=${other.role} .selected=${live(other === role)}>${other.label}</option>`,
      )}
    </select>`;
  }

  /** Returns whether the error asks for a role of this column. */
  #isAsked(role: Role | undefined): boolean {
    return role === undefined && this.error?.code === "data" && this.error.message.includes("`data.columns.");
  }

  #fields(options: readonly Named[]): TemplateResult {
    return html`<tt-option-fields
      .options=${options}
      .specs=${this.offered}
      .values=${this.settings.values}
      .barred=${barredBy(this.settings.values, this.read)}
      .refused=${refusedBy(this.error)}
      ?disabled=${this.disabled}
    ></tt-option-fields>`;
  }

  /** Returns the options for properties that cannot be detected. Columns have fields only if there is no table to choose them in. */
  #unguessed(): Named[] {
    const has = (part: FileReport["part"]): boolean => this.files.some((file) => file.part === part);
    const sides: Named[] = (["items", "users"] as const).filter(has).flatMap((part) => [
      [`data.${part}.header`, `Header of the ${part} file`],
      [`data.${part}.separator`, `Separator of the ${part} file`],
    ]);
    return [
      ...(this.files.some(({ rows }) => rows.length > 0) ? [] : COLUMNS),
      ...UNGUESSED,
      ...(this.dataSet?.given ? [] : SPLITTING),
      ...sides,
    ];
  }

  #send(values: Values): void {
    this.dispatchEvent(new CustomEvent<Settings>("settings", { detail: { ...this.settings, values } }));
  }
}

const COLUMNS: readonly Named[] = [
  ["data.columns.user", "Column of users"],
  ["data.columns.item", "Column of items"],
  ["data.columns.rating", "Column of ratings"],
  ["data.columns.timestamp", "Column of times"],
];

/** Returns the reports on the files from an error, if it has any. */
function refused(error: TwoTowerError | undefined): readonly FileReport[] | undefined {
  const read = error?.data.read;
  return Array.isArray(read) ? (read as FileReport[]) : undefined;
}

const LAYOUTS = {
  table: "a table",
  lists: "one user and all their items per line",
  blocks: "an item above its rows",
  "json-lines": "JSON lines",
  "json-array": "a JSON array",
};
const NON_BREAKING_HYPHEN = "\u2011";
const SEPARATORS: Readonly<Record<string, string>> = {
  ",": "commas",
  ";": "semicolons",
  "|": "bars",
  tab: "tabs",
  blanks: "blanks",
};

/** Describes in one line how a file was read. */
function understood({ layout, separator, header, encoding, lines, bad, blank, withoutUser, withoutItem, matched, part, columns }: FileReport): string {
  const cells = separator === null ? "" : ` separated by ${SEPARATORS[separator] ?? separator}`;
  const names = layout === "table" ? (header ? ", with a header" : ", without a header") : "";
  const counts = [
    [bad, "bad"],
    [blank, "blank"],
    [withoutUser, "without a user"],
    [withoutItem, "without an item"],
  ] as const;
  const skipped = counts.filter(([n]) => n > 0).map(([n, what]) => `, ${count(n)} ${what}`);
  const read = lines === 0 ? "not read completely" : `${plural(lines, "line")}${skipped.join("")}`;
  const told = columns.length === 0 ? "choose its columns here" : read;
  const code = encoding.toUpperCase().replace("-", NON_BREAKING_HYPHEN);
  const ids = matched === null ? "" : `; contains ${count(matched)} of the data’s ${part}`;
  return `${LAYOUTS[layout]}${cells}${names}, ${code}; ${told}${ids}`;
}

/** Returns a sentence on the split that is used, and why. */
function splitOf({ config: { split }, data }: About, values: Values): string {
  const share = `${String(Math.round(split.test * 100))}%`;
  const timed = data.read.some(({ columns }) => columns.some(({ role }) => role === "timestamp"));
  switch (split.kind) {
    case "given":
      return "Split: the test part is a file of its own.";
    case "temporal":
      return `Split: the last ${share} of each user’s pairs are the test part, because you chose a split by time.`;
    case "leave-last-out":
      return "Split: the last pair of each user is the test part, because you chose a split by time.";
    case "temporal-global":
      return split.at === null
        ? `Split: the last ${share} of all pairs are the test part, so that nothing in training is later.`
        : `Split: all pairs from ${split.at} on are the test part, so that nothing in training is later.`;
    default: {
      const why = !timed ? "because no column has times" : "split.kind" in values ? "as you chose" : "by default";
      return `Split: ${share} of each user’s pairs, drawn at random, are the test part, ${why}.`;
    }
  }
}

/** Returns an option as the page offers it: without the split `given`, which needs a test part of its own. */
function offered(spec: OptionSpec): OptionSpec {
  if (spec.key !== "split.kind") return spec;
  const kinds = spec.kinds.map((kind) =>
    kind.kind === "one-of" ? { ...kind, words: kind.words.filter((word) => word !== "given") } : kind,
  );
  return { ...spec, kinds };
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-data-preview": DataPreview;
  }
}

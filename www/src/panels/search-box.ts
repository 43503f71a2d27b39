import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";

import { base, clamped } from "./base.js";
import { define } from "./define.js";

/** A result of a search. */
export interface Choice {
  id: string;
  label: string;
}

/** A search field: type, then choose with the arrow keys or the pointer. Sends `pick` with the choice. */
@define("tt-search-box")
export class SearchBox extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    base,
    css`
      :host {
        position: relative;
      }
      .field {
        min-height: 40px;
      }
      ul {
        position: absolute;
        z-index: 1;
        inset-inline: 0;
        top: calc(100% + 4px);
        max-height: 300px;
        overflow-y: auto;
        padding: 4px;
        box-shadow: 0 8px 24px rgb(0 0 0 / 0.16);
      }
      li {
        padding: 7px 10px;
        border-radius: 6px;
        cursor: pointer;
      }
      bdi {
        ${clamped(2)}
      }
      li[aria-selected="true"],
      li:hover {
        background: var(--sunken);
      }
      .none {
        padding: 7px 10px;
      }
    `,
  ];

  @property() label = "";
  @property() placeholder = "";
  /** Finds choices for a text; an empty text returns the first ones. */
  @property({ attribute: false }) find: (text: string) => Promise<Choice[]> = () => Promise.resolve([]);
  @query("input") private readonly input!: HTMLInputElement;
  @state() private choices: Choice[] | undefined;
  @state() private active = -1;
  /** Counts the searches, so that a late answer to an early one is dropped. */
  #search = 0;
  /** The last search. Keys wait for it, so that Enter right after typing takes a result of the whole text. */
  #found: Promise<void> = Promise.resolve();

  override render(): TemplateResult {
    const open = this.choices !== undefined;
    return html`<input
        class="field"
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck="false"
        aria-label=${this.label}
        aria-autocomplete="list"
        aria-expanded=${open ? "true" : "false"}
        aria-controls="choices"
        aria-activedescendant=${this.active >= 0 ? `choice-${this.active}` : nothing}
        placeholder=${this.placeholder}
        @input=${this.#typed}
        @focus=${this.#typed}
        @blur=${this.#close}
        @keydown=${this.#key}
      />
      <ul id="choices" class="card" role="listbox" tabindex="-1" aria-label=${this.label} ?hidden=${!open}>
        ${this.choices?.map((choice, ix) => this.#choice(choice, ix))}
        ${this.choices?.length === 0 ? html`<li class="none muted" role="option" aria-selected="false" aria-disabled="true">Nothing found</li>` : nothing}
      </ul>`;
  }

  /** Empties the field. */
  clear(): void {
    this.input.value = "";
  }

  #choice(choice: Choice, ix: number): TemplateResult {
    // A click would come after the field has lost the focus and closed the list, so the pointer's press chooses.
    return html`<li
      id="choice-${ix}"
      role="option"
      aria-selected=${ix === this.active ? "true" : "false"}
      @pointerdown=${(event: Event) => {
        event.preventDefault();
        this.#pick(choice);
      }}
    >
      <bdi>${choice.label}</bdi>
    </li>`;
  }

  #typed(): void {
    this.#found = this.#look();
  }

  async #look(): Promise<void> {
    const search = ++this.#search;
    const choices = await this.find(this.input.value.trim());
    if (search !== this.#search) return;
    this.choices = choices;
    this.active = -1;
  }

  #close(): void {
    this.#search++;
    this.choices = undefined;
    this.active = -1;
  }

  async #key(event: KeyboardEvent): Promise<void> {
    const { key } = event;
    if (key === "Escape") this.#close();
    if (key !== "ArrowDown" && key !== "ArrowUp" && key !== "Enter") return;
    if (key !== "Enter") event.preventDefault();
    const search = this.#search;
    await this.#found;
    // The key no longer applies if the text has changed or the list was closed meanwhile.
    if (search !== this.#search) return;
    if (this.choices === undefined) {
      if (key !== "Enter") this.#typed();
    } else if (key === "Enter") {
      const choice = this.choices[Math.max(this.active, 0)];
      if (choice) this.#pick(choice);
    } else {
      const target = key === "ArrowDown" ? this.active + 1 : this.active - 1;
      this.#activate(Math.min(Math.max(target, 0), this.choices.length - 1));
    }
  }

  #activate(ix: number): void {
    this.active = ix;
    this.renderRoot.querySelector(`#choice-${ix}`)?.scrollIntoView({ block: "nearest" });
  }

  #pick(choice: Choice): void {
    this.#close();
    this.input.value = choice.label;
    this.dispatchEvent(new CustomEvent<Choice>("pick", { detail: choice }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-search-box": SearchBox;
  }
}

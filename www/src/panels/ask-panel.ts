import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";

import { type Item, type Recommendation, type Trainer, TwoTowerError } from "../index.js";
import { base, clamped } from "./base.js";
import "./choice-bar.js";
import { define } from "./define.js";
import { capital, indefinite, plural } from "./format.js";
import "./item-list.js";
import type { Choice, SearchBox } from "./search-box.js";
import "./search-box.js";

/** Items in each list. */
const K = 10;
/** Maximum length of a history that is quick to read. */
const GLANCE = 40;
/** Maximum number of results of a search. */
const FOUND = 30;

/** Lists with their labels. A narrow panel shows one at a time, and the labels choose it. */
const LISTS = [
  ["recommended", "Recommended"],
  ["history", "History"],
  ["similar", "Similar"],
] as const;

type ListName = (typeof LISTS)[number][0];

type Whom = { kind: "user"; user: string } | { kind: "visitor"; items: Item[] };

/**
 * Shows the model's recommendations for a user of the data, or for a visitor who likes some items, and the items
 * that are similar to one. Updates the lists when the model changes. Sends `whom` with
 * the id of the user, or undefined for a visitor.
 */
@define("tt-ask-panel")
export class AskPanel extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 16px;
      }
      .who {
        display: grid;
        grid-template-columns: minmax(0, 420px) minmax(0, 1fr);
        gap: 12px 16px;
        align-items: start;
      }
      .tabs {
        display: flex;
        border-bottom: 1px solid var(--line);
        gap: 24px;
      }
      .tabs span {
        display: block;
        padding: 8px 0;
        margin-bottom: -1px;
        border-bottom: 2px solid transparent;
        color: var(--muted);
        cursor: pointer;
      }
      .tabs :checked + span {
        border-color: var(--accent);
        color: var(--ink);
      }
      .tabs :focus-visible + span {
        outline: 2px solid var(--recall);
        outline-offset: 2px;
      }
      .chips {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        align-self: center;
      }
      .chips li {
        min-width: 0;
      }
      .chip {
        display: flex;
        align-items: center;
        gap: 8px;
        max-width: 100%;
        text-align: start;
        padding: 4px 10px;
        border: 1px solid var(--line);
        border-radius: 99px;
        background: var(--sunken);
      }
      .chip bdi {
        ${clamped(2)}
      }
      h3 {
        ${clamped(3)}
      }
      .chip:hover {
        border-color: var(--edge);
      }
      .shown {
        display: none;
      }
      .lists {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 260px), 1fr));
        gap: 16px;
        align-items: start;
      }
      section {
        min-width: 0;
        padding: 14px 6px 10px;
      }
      section > :not(tt-item-list) {
        padding: 0 10px;
      }
      section > tt-item-list,
      section > p {
        margin-top: 6px;
      }
      section > p::first-letter {
        text-transform: uppercase;
      }
      .long {
        max-height: calc(24.5 * var(--rem));
        overflow-y: auto;
      }
      /* Narrow: one list at a time, with a choice. */
      @container (max-width: 600px) {
        :host {
          gap: 10px;
        }
        .who,
        .lists {
          grid-template-columns: minmax(0, 1fr);
        }
        .shown {
          display: block;
        }
        section:not(.front),
        /* The choice bar names the other lists; this heading names the item. */
        section:not(.similar) h3 {
          display: none;
        }
        section {
          padding-top: 4px;
        }
        section tt-item-list {
          max-height: var(--list-height, none);
          overflow-y: auto;
        }
      }
    `,
  ];

  @property({ attribute: false }) trainer: Trainer | undefined;
  /** Changes when the model changes. */
  @property({ type: Number }) version = 0;
  @property({ attribute: false }) words = { user: "user", item: "item", history: "History" };
  @query("tt-search-box") private readonly search: SearchBox | undefined;

  @state() private whom: Whom | undefined;
  @state() private history: readonly Item[] = [];
  @state() private recommended: readonly Recommendation[] = [];
  @state() private chosen: Item | undefined;
  @state() private similar: readonly Recommendation[] = [];
  @state() private problem: string | undefined;
  /** The list that is shown if there is room for only one. */
  @state() private front: ListName = "recommended";

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("trainer")) void this.#begin();
    else if (changed.has("version")) void this.#ask();
  }

  override render(): TemplateResult {
    const { user, item } = this.words;
    const visitor = this.whom?.kind === "visitor";
    const find = visitor ? `Find ${indefinite(item)} by title` : `Find ${indefinite(user)} by id`;
    return html`<div class="tabs" role="radiogroup" aria-label="Recommend for">
        ${this.#tab(`${capital(indefinite(user))} of the data`, !visitor, () => this.#begin())}
        ${this.#tab(`Someone who likes…`, visitor, () => this.#turn({ kind: "visitor", items: [] }))}
      </div>
      <div class="who">
        <tt-search-box
          label=${find}
          placeholder=${find}
          .find=${visitor ? this.#findItems : this.#findUsers}
          @pick=${this.#picked}
        ></tt-search-box>
        ${this.whom?.kind === "visitor" ? this.#chips(this.whom.items) : nothing}
      </div>
      ${this.problem ? html`<p class="small" role="status">${this.problem}</p>` : nothing}
      <tt-choice-bar
        class="shown"
        label="List"
        quiet
        .choices=${LISTS.filter(([name]) => name !== "history" || !visitor)}
        chosen=${this.front}
        @change=${({ detail }: CustomEvent<ListName>) => (this.front = detail)}
      ></tt-choice-bar>
      <div class="lists">
        ${this.whom?.kind === "user"
          ? this.#list("history", this.words.history, this.history, `${user} ${this.whom.user}, ${plural(this.history.length, item)}`)
          : nothing}
        ${this.#list("recommended", "Recommended", this.recommended, visitor ? `Pick at least one ${item} that you like` : "")}
        ${this.chosen
          ? this.#list("similar", html`Similar to <bdi>${this.chosen.title ?? this.chosen.item}</bdi>`, this.similar, "")
          : html`<section class="card similar ${this.front === "similar" ? "front" : ""}">
              <h3>Similar</h3>
              <p class="small muted">Choose any ${item} in a list to see similar ones.</p>
            </section>`}
      </div>`;
  }

  /** Words before the reasons. Empty if the visitor likes only one item, since it is the only possible reason. */
  get #because(): string {
    if (this.whom?.kind === "user") return "because of";
    return this.whom && this.whom.items.length > 1 ? "because you like" : "";
  }

  #tab(label: string, checked: boolean, pick: () => Promise<void>): TemplateResult {
    return html`<label class="small">
      <input class="unseen" type="radio" name="whom" .checked=${checked} @change=${pick} />
      <span>${label}</span>
    </label>`;
  }

  #chips(items: Item[]): TemplateResult {
    return html`<ul class="chips small" aria-label="Liked">
      ${items.map(
        (item) => html`<li>
          <button
            class="chip"
            aria-label="Remove ${item.title ?? item.item}"
            @click=${() => this.#turn({ kind: "visitor", items: items.filter((other) => other !== item) })}
          >
            <bdi>${item.title ?? item.item}</bdi> <span aria-hidden="true">×</span>
          </button>
        </li>`,
      )}
    </ul>`;
  }

  #list(name: ListName, heading: string | TemplateResult, items: readonly Item[], note: string): TemplateResult {
    const scored = items.some((item) => "score" in item);
    return html`<section class="card ${name} ${name === this.front ? "front" : ""}">
      <h3>${heading}</h3>
      ${note && (items.length === 0 || !scored) ? html`<p class="small muted">${note}</p>` : nothing}
      <tt-item-list
        class=${scored ? "" : "long"}
        .items=${items}
        .because=${this.#because}
        .chosen=${this.chosen?.item}
        @pick=${({ detail }: CustomEvent<Item>) => {
          this.chosen = detail;
          this.front = "similar";
          void this.#ask();
        }}
      ></tt-item-list>
    </section>`;
  }

  readonly #findUsers = async (text: string): Promise<Choice[]> =>
    ((await this.#answer((trainer) => trainer.users(text, FOUND))) ?? []).map((user) => ({ id: user, label: user }));

  readonly #findItems = async (text: string): Promise<Choice[]> =>
    ((await this.#answer((trainer) => trainer.items(text, FOUND))) ?? []).map(({ item, title }) => ({
      id: item,
      label: title ?? item,
    }));

  #picked({ detail: { id, label } }: CustomEvent<Choice>): void {
    if (this.whom?.kind !== "visitor") {
      void this.#turn({ kind: "user", user: id });
      return;
    }
    this.search?.clear();
    if (this.whom.items.some(({ item }) => item === id)) return;
    void this.#turn({ kind: "visitor", items: [...this.whom.items, { item: id, title: label }] });
  }

  /** Selects the first user whose history is quick to read. */
  async #begin(): Promise<void> {
    const { trainer, whom } = this;
    const overtaken = (): boolean => trainer !== this.trainer || whom !== this.whom;
    const users = (await this.#answer((trainer) => trainer.users("", FOUND))) ?? [];
    let [first] = users;
    for (const user of users) {
      if (overtaken()) return;
      const history = await this.#answer((trainer) => trainer.history(user));
      if (history === undefined || history.length > GLANCE) continue;
      first = user;
      break;
    }
    if (overtaken()) return;
    this.search?.clear();
    await this.#turn(first === undefined ? undefined : { kind: "user", user: first });
  }

  async #turn(whom: Whom | undefined): Promise<void> {
    // The search is for ids in one mode and for titles in the other.
    if (whom?.kind !== this.whom?.kind) this.search?.clear();
    this.whom = whom;
    this.dispatchEvent(new CustomEvent<string | undefined>("whom", { detail: whom?.kind === "user" ? whom.user : undefined }));
    this.front = "recommended";
    this.history = [];
    this.recommended = [];
    this.chosen = undefined;
    this.similar = [];
    if (whom?.kind === "user") {
      const history = await this.#answer((trainer) => trainer.history(whom.user));
      if (whom !== this.whom) return;
      this.history = history ?? [];
    }
    await this.#ask();
  }

  async #ask(): Promise<void> {
    const { whom, chosen } = this;
    this.problem = undefined;
    const query = whom?.kind === "user" ? { user: whom.user } : { items: whom?.items.map(({ item }) => item) ?? [] };
    const [recommended, similar] = await Promise.all([
      "user" in query || query.items.length > 0 ? this.#answer((trainer) => trainer.recommend(query, K)) : [],
      chosen ? this.#answer((trainer) => trainer.similar(chosen.item, K)) : [],
    ]);
    // The visitor may have selected another user meanwhile.
    if (whom === this.whom) this.recommended = recommended ?? [];
    if (chosen === this.chosen) this.similar = similar ?? [];
  }

  /** Returns the answer. Returns nothing if the trainer was replaced meanwhile, or if it rejects, and then shows the error. */
  async #answer<T>(ask: (trainer: Trainer) => Promise<T>): Promise<T | undefined> {
    const { trainer } = this;
    if (trainer === undefined) return undefined;
    try {
      return await ask(trainer);
    } catch (thrown) {
      if (trainer === this.trainer) this.problem = TwoTowerError.from(thrown).message;
      return undefined;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-ask-panel": AskPanel;
  }
}

/** Styles of choices in a column of cards, with visually hidden inputs. */

import { css } from "lit";

export const choiceCards = css`
  fieldset {
    display: grid;
    gap: 8px;
  }
  label {
    display: block;
    cursor: pointer;
  }
  .choice {
    display: block;
    padding: 10px 12px;
    border: 1px solid var(--line);
    border-radius: 8px;
  }
  :focus-visible + .choice {
    outline: 2px solid var(--recall);
    outline-offset: 2px;
  }
`;

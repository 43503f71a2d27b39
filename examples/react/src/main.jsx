import { useState } from "react";
import { createRoot } from "react-dom/client";
import "twotower/element";

function App() {
  const [away, setAway] = useState(false);
  return (
    <>
      <h1>An app that trains a recommender</h1>
      <p>
        <button onClick={() => setAway(!away)}>{away ? "Back to the trainer" : "Another page"}</button>
      </p>
      {!away && (
        <two-tower-trainer dataset="goodbooks" epochs={2}>
          <p>After two epochs, the first 20 recommendations contain about a tenth of the books that a reader likes.</p>
        </two-tower-trainer>
      )}
    </>
  );
}

createRoot(document.querySelector("#app")).render(<App />);

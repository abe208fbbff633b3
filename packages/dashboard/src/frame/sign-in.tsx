/** Asks for a key. */

import { useState } from "preact/hooks";

interface SignInProps {
  /** Why the present key does not do; undefined when none was given. */
  readonly problem: string | undefined;
  readonly onKey: (key: string) => void;
}

export function SignIn({ problem, onKey }: SignInProps) {
  const [key, setKey] = useState("");
  return (
    <form
      class="card sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== "") onKey(key.trim());
      }}
    >
      <h2>Sign in</h2>
      <p>This service asks for a key. It is kept until this tab is closed.</p>
      {problem === undefined ? null : (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <label>
        Key
        <input
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Sign in</button>
      <p class="meaning">
        An operator makes one: <code>nomaly keys create --name me --scopes read</code>
      </p>
    </form>
  );
}

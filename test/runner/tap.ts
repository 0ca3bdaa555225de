/** One finished test as TAP reports it. */
export interface TapResult {
  readonly ok: boolean;
  readonly name: string;
  readonly skipped: string | undefined;
  readonly diagnostics: readonly string[];
  /** When it ended, RFC 3339. */
  readonly at: string;
}

/**
 * Reads AVA's TAP stream line by line (TAP 13, https://testanything.org/tap-version-13-specification.html) and calls
 * `onResult` for each test when its diagnostics are complete, `onComment` for every `# ...` line that is not the summary.
 */
export class TapReader {
  readonly #onResult: (result: TapResult) => void;
  readonly #onComment: (text: string) => void;
  #pending: (TapResult & { readonly diagnostics: string[] }) | undefined;

  constructor(onResult: (result: TapResult) => void, onComment: (text: string) => void) {
    this.#onResult = onResult;
    this.#onComment = onComment;
  }

  line(line: string): void {
    const match = /^(not )?ok \d+ - (.*?)(?: # (SKIP|TODO)\b ?(.*))?$/i.exec(line);
    if (match) {
      this.#flush();
      const skipped = match[3] === undefined ? undefined : match[4] || match[3].toLowerCase();
      const [, not, name = ''] = match;
      this.#pending = { ok: not === undefined, name, skipped, diagnostics: [], at: new Date().toISOString() };
    } else if (/^\s/.test(line) && this.#pending) {
      this.#pending.diagnostics.push(line);
    } else if (line.startsWith('# ')) {
      this.#onComment(line.slice(2));
    }
  }

  end(): void {
    this.#flush();
  }

  #flush(): void {
    if (this.#pending) this.#onResult(this.#pending);
    this.#pending = undefined;
  }
}

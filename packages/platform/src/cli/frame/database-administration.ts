/** What commands can do with the database of the service; main/ implements it. */

export interface DatabaseAdministration {
  /** Changes nothing. @param memoryBytes of the server; undefined takes this machine's for a server that runs on it. */
  check(memoryBytes: number | undefined): Promise<DatabaseCheck>;
  maintain(): Promise<MaintenanceReport>;
}

export interface DatabaseCheck {
  readonly report: SettingsReport;
  /** The settings to change as statements, and as lines of postgresql.conf. */
  readonly sql: string;
  readonly conf: string;
}

export interface SettingsReport {
  readonly memory_bytes: number | null;
  readonly connections_needed: number;
  readonly settings: readonly {
    readonly name: string;
    readonly live: string | null;
    readonly wanted: string | null;
    readonly status: "ok" | "change" | "unknown" | "fixed";
    readonly why: string;
    readonly takes_effect: "restart" | "reload" | "new sessions";
    readonly overridden_by: string | null;
  }[];
  readonly warnings: readonly string[];
  readonly must_change: number;
  readonly not_seen: readonly { readonly lost: string; readonly remedy: string }[];
}

export interface MaintenanceReport {
  /** False when another process maintains the database now: then nothing was done. */
  readonly done: boolean;
  readonly vacuumed: readonly string[];
  readonly reindexed: readonly { readonly index: string; readonly bytes_before: number; readonly bytes_after: number }[];
  /** Indexes that were missing or INVALID. */
  readonly mended: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: string }[];
}

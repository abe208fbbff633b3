/** How numbers are written: units and decimals of each kind. */

/** `12.34 ms`. */
export function msText(ms: number | null): string {
  return ms === null ? "none" : `${ms.toFixed(2)} ms`;
}

/** `12.3 req/s`. */
export function rateText(perSecond: number): string {
  return `${perSecond.toFixed(1)} req/s`;
}

export function percentText(percent: number, decimals: number): string {
  return `${percent.toFixed(decimals)} %`;
}

const units = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

export function bytesText(bytes: number): string {
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[power]}`;
}

export function countText(count: number): string {
  return count.toLocaleString("en-US");
}

/** `5 s`, `3 min`, `2 h`. */
export function ageText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** A moment as the reader's clock shows it: `Dec 1, 16:05:07`. @param iso such as `2026-12-01T16:05:07Z`. */
export function momentText(iso: string): string {
  return new Date(iso).toLocaleString("en-US", {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
}

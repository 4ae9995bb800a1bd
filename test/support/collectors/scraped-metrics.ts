/** One scrape of the metrics page. */
export class ScrapedMetrics {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Scrapes `http://<adminAddress><path>`. */
  static async from(adminAddress: string, path = '/metrics'): Promise<ScrapedMetrics> {
    const response = await fetch(`http://${adminAddress}${path}`);
    return new ScrapedMetrics(await response.text());
  }

  /** The sum of all series of that name that have these labels; 0 when there is none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    let sum = 0;
    for (const line of this.text.split('\n')) {
      const match = /^([a-zA-Z_:]+)(\{(.*)\})? ([^ ]+)$/.exec(line);
      if (match?.[1] !== name) continue;
      const found = (match[3] ?? '').split(',');
      if (wanted.every((label) => found.includes(label))) sum += Number(match[4]);
    }
    return sum;
  }
}

// PineTS runs the Pine scripts of the request on its bars: the closed trades and every plotted series of each.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const home = join(root, 'target', 'oracles', 'npm', 'node_modules', 'pinets');
const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
const { PineTS } = await import(pathToFileURL(join(home, exports['.'].node.import)));

const ask = JSON.parse(readFileSync(0, 'utf8'));
const { time, open, high, low, close, volume } = ask.bars;
const step = time[1] - time[0];
const bars = time.map((t, i) => ({
  openTime: t, closeTime: t + step, open: open[i], high: high[i], low: low[i], close: close[i], volume: volume[i],
}));

// Bars of another interval, from ours; only whole days, weeks (from Monday) and months are asked for.
function start(t, timeframe) {
  const day = new Date(t);
  day.setUTCHours(0, 0, 0, 0);
  if (/W$/.test(timeframe)) day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  else if (/M$/.test(timeframe)) day.setUTCDate(1);
  return day.getTime();
}

function resampled(timeframe) {
  if (/^1?D$/.test(timeframe)) return bars;
  const out = [];
  for (const bar of bars) {
    const openTime = start(bar.openTime, timeframe);
    const last = out[out.length - 1];
    if (last?.openTime === openTime) {
      last.high = Math.max(last.high, bar.high);
      last.low = Math.min(last.low, bar.low);
      last.close = bar.close;
      last.volume += bar.volume;
      last.closeTime = bar.closeTime;
    } else out.push({ ...bar, openTime });
  }
  return out;
}

const provider = {
  configure() {},
  async getMarketData(_ticker, timeframe) { return resampled(timeframe).map((bar) => ({ ...bar })); },
  async getSymbolInfo() {
    const tick = ask.mintick;
    return {
      ticker: 'TEST', tickerid: 'TEST', main_tickerid: 'TEST', prefix: 'TEST', root: 'TEST', description: 'TEST', type: 'crypto',
      currency: 'USD', basecurrency: 'USD', timezone: 'Etc/UTC', session: '24x7', volumetype: 'base', mincontract: 1e-12,
      minmove: 1, mintick: tick, pricescale: Math.round(1 / tick), pointvalue: 1,
    };
  },
};

console.log = console.warn = console.info = () => {};
const answer = {};
for (const { name, text } of ask.scripts) {
  try {
    const context = await new PineTS(provider, 'TEST', 'D', bars.length).run(text);
    const plots = {};
    for (const [title, plot] of Object.entries(context.plots)) {
      if (!title.startsWith('__')) plots[title] = plot.data.map((p) => (typeof p.value === 'boolean' ? Number(p.value) : p.value));
    }
    const trades = (context.strategy?.closedtrades ?? []).map((t) => [
      t.entry_bar_index, t.entry_price, t.exit_bar_index, t.exit_price, t.size, t.profit,
    ]);
    answer[name] = { trades, plots };
  } catch (error) {
    answer[name] = { error: String(error?.message ?? error) };
  }
}
process.stdout.write(JSON.stringify(answer), () => process.exit(0));

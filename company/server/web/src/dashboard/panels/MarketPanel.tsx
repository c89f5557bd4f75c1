import type { Live } from "../../wire/live";
import type { Market, Venue } from "../../wire/types";
import { counted, figure, percent, price } from "../numbers";
import { Panel } from "../Panel";
import { Badge, Change, type Tone } from "../signs";
import { Table, type Column } from "../Table";
import { span } from "../times";

type Row = Market["rows"][number];

const REGIMES: Record<Row["regime"], { tone: Tone; glyph: string }> = {
  bull: { tone: "good", glyph: "↗" },
  bear: { tone: "bad", glyph: "↘" },
  sideways: { tone: "plain", glyph: "→" },
};

const COLUMNS: Column<Row>[] = [
  { head: "Symbol", cell: (row) => row.symbol },
  { head: "Price", numeric: true, cell: (row) => price(row.price) },
  { head: "24 h", numeric: true, cell: (row) => (row.change_24h === null ? "–" : <Change percent={row.change_24h} />) },
  { head: "Regime", cell: ({ regime }) => <Badge {...REGIMES[regime]}>{regime}</Badge> },
  { head: "RSI", numeric: true, cell: (row) => figure(row.rsi, 1) },
  { head: "Volatility", numeric: true, cell: (row) => percent(row.volatility, 1) },
  { head: "Score", numeric: true, cell: (row) => figure(row.score) },
];

export function MarketPanel({ live }: { live: Live<Market> }) {
  return (
    <Panel id="market" title="Market and venues" live={live} asOf={(data) => data.as_of} empty={nothing}>
      {(data) => (
        <>
          <ul className="venues" aria-label="Venues">
            {data.venues.map((venue) => (
              <li key={venue.name}>
                <VenueStatus venue={venue} />
              </li>
            ))}
          </ul>
          <Table caption={`Market, prices in ${data.quote}`} columns={COLUMNS} rows={data.rows} keyOf={(row) => row.symbol} />
        </>
      )}
    </Panel>
  );
}

const nothing = ({ rows, venues }: Market) =>
  rows.length + venues.length === 0 && "No venue is configured. Prices stand here once a venue answers.";

const STATES: Record<Venue["status"], { tone: Tone; glyph: string; word: string }> = {
  ok: { tone: "good", glyph: "●", word: "up" },
  stale: { tone: "warn", glyph: "◐", word: "stale" },
  down: { tone: "bad", glyph: "■", word: "down" },
};

function VenueStatus({ venue: { name, status, age_seconds, symbols, error } }: { venue: Venue }) {
  const { tone, glyph, word } = STATES[status];
  return (
    <>
      {name}{" "}
      <Badge tone={tone} glyph={glyph}>
        {word}
      </Badge>{" "}
      <span className="second">
        {age_seconds === null ? "no data yet" : `${span(age_seconds)} old`}, {error || counted(symbols, "symbol")}
      </span>
    </>
  );
}

import type { Live } from "../../wire/live";
import type { News, NewsItem } from "../../wire/types";
import { fullTime, span } from "../times";
import { figure, signedPercent } from "../numbers";
import { Panel } from "../Panel";
import { Badge, type Tone } from "../signs";

const TRUTHS: Record<NewsItem["truth"], { tone: Tone; glyph: string }> = {
  corroborated: { tone: "good", glyph: "✓" },
  unconfirmed: { tone: "plain", glyph: "?" },
  suspicious: { tone: "bad", glyph: "!" },
};

export function NewsPanel({ live }: { live: Live<News> }) {
  return (
    <Panel id="news" title="News" live={live} empty={nothing}>
      {({ mood, items }) => (
        <>
          <p className="mood">
            Mood <Sentiment score={mood.score} word={mood.label} />
            <span className="second"> of {mood.items} items, confidence {figure(String(mood.confidence))}</span>
          </p>
          <ul className="rows">
            {items.map((item) => (
              <li key={item.id}>
                <Story item={item} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

const nothing = ({ items }: News) => items.length === 0 && "No news in the last day. Items stand here when the feeds bring some.";

function Story({ item }: { item: NewsItem }) {
  return (
    <>
      <p className="headline">{item.title}</p>
      <p className="line">
        <Sentiment score={item.sentiment} />
        <Truth item={item} />
        <span className="second">
          {item.source}, <time dateTime={item.at} title={fullTime(item.at)}>{span(item.age_minutes * 60)} ago</time>
          {item.symbols.length > 0 && `, ${item.symbols.join(", ")}`}
        </span>
      </p>
    </>
  );
}

/** The evidence for a story; why, on request. */
function Truth({ item: { truth, notes } }: { item: NewsItem }) {
  const { tone, glyph } = TRUTHS[truth];
  const badge = (
    <Badge tone={tone} glyph={glyph}>
      {truth}
    </Badge>
  );
  if (!notes.length) return badge;
  return (
    <details className="truth">
      <summary>{badge}</summary>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </details>
  );
}

/** A score from -1 to 1 as a glyph, a number and a word. */
export function Sentiment({ score, word }: { score: number; word?: string }) {
  const { tone, glyph, name } = feelingOf(score);
  return (
    <Badge tone={tone} glyph={glyph}>
      {signedScore(score)} {word ?? name}
    </Badge>
  );
}

function feelingOf(score: number): { tone: Tone; glyph: string; name: string } {
  if (score > 0.05) return { tone: "good", glyph: "▲", name: "positive" };
  if (score < -0.05) return { tone: "bad", glyph: "▼", name: "negative" };
  return { tone: "plain", glyph: "■", name: "neutral" };
}

const signedScore = (score: number) => signedPercent(String(score)).replace(/\s%$/, "");

// Where a person types: words for the CEO, or a command.

import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { CommandMenu, optionId } from "./CommandMenu";
import { matching, type Command } from "./commands/command";
import { COMMANDS } from "./commands/commands";
import { History } from "./history";

interface Props {
  person: string;
  /** Take a line: a command when it begins with `/`. */
  submit(text: string): void;
  /** A run is under way, so Esc stops it. */
  stop: (() => void) | null;
}

export function Prompt({ person, submit, stop }: Props) {
  const [text, setText] = useState("");
  const [closed, setClosed] = useState(true);
  const [active, setActive] = useState(0);
  const input = useRef<HTMLTextAreaElement>(null);
  const history = useMemo(() => new History(person), [person]);
  const menuId = useId();
  const found = useMemo(() => matching(COMMANDS, text), [text]);
  const menu = !closed && /^\/\S*$/.test(text);

  const write = (next: string) => {
    setText(next);
    setActive(0);
    setClosed(!next.startsWith("/"));
  };
  const send = (line: string) => {
    if (!line.trim()) return;
    history.add(line);
    write("");
    submit(line.trim());
  };
  const choose = (command: Command) => {
    const whole = `/${command.name}`;
    input.current?.focus();
    if (command.takes && text.trim() !== whole) write(`${whole} `);
    else send(whole);
  };
  const openMenu = () => {
    input.current?.focus();
    write("/");
  };
  const recall = (line: string | null): boolean => {
    if (line === null) return false;
    setText(line);
    setClosed(true);
    return true;
  };
  const inMenu = (event: KeyboardEvent<HTMLElement>): boolean => {
    const steps: { [key: string]: number } = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    const chosen = found[active];
    if (step !== undefined) setActive((active + step + found.length) % Math.max(1, found.length));
    else if (event.key === "Escape") setClosed(true);
    else if ((event.key === "Enter" || event.key === "Tab") && chosen) choose(chosen);
    else if (event.key === "Enter") send(text);
    else return false;
    return true;
  };
  const outside = (event: KeyboardEvent<HTMLTextAreaElement>): boolean => {
    const { value, selectionStart, selectionEnd } = event.currentTarget;
    const caret = selectionStart === selectionEnd ? selectionStart : -1;
    if (event.key === "Enter" && !event.shiftKey) return send(value), true;
    if (event.key === "ArrowUp" && caret >= 0 && !value.slice(0, caret).includes("\n")) return recall(history.older(value));
    if (event.key === "ArrowDown" && caret >= 0 && !value.slice(caret).includes("\n")) return recall(history.newer());
    return false;
  };
  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.isComposing) return;
    if (menu ? inMenu(event) : outside(event)) event.preventDefault();
  };

  useLayoutEffect(() => fit(input.current), [text]);
  useEffect(() => {
    const anywhere = (event: globalThis.KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        openMenu();
      } else if (event.key === "Escape" && !event.defaultPrevented && stop && isHere(event.target)) stop();
    };
    document.addEventListener("keydown", anywhere);
    return () => document.removeEventListener("keydown", anywhere);
  });
  useEffect(() => {
    if (matchMedia("(hover: hover)").matches) input.current?.focus(); // on a phone it would open the keyboard
  }, []);

  return (
    <form
      className="prompt"
      onSubmit={(event) => {
        event.preventDefault();
        send(text);
      }}
    >
      {menu && <CommandMenu id={menuId} commands={found} active={active} choose={choose} />}
      <span className="glyph" aria-hidden="true">❯</span>
      <textarea
        ref={input}
        rows={1}
        value={text}
        maxLength={16_000}
        placeholder="Ask the CEO, or type /"
        aria-label="Message to the CEO"
        {...(menu ? combobox(menuId, active, found.length) : {})}
        autoComplete="off"
        enterkeyhint="send"
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={keys}
        onBlur={() => setClosed(true)}
      />
      <button type="button" className="quiet slash" aria-label="Commands" onMouseDown={(event) => event.preventDefault()} onClick={openMenu}>
        /
      </button>
      {stop && !text.trim() ? (
        <button type="button" className="stop" onClick={stop}>
          Stop <kbd>Esc</kbd>
        </button>
      ) : (
        <button type="submit" disabled={!text.trim()}>
          Send
        </button>
      )}
    </form>
  );
}

/** A text box is a combobox as long as it has a list. */
function combobox(menu: string, active: number, options: number) {
  const role: object = { role: "combobox" };
  const option = options ? { "aria-activedescendant": optionId(menu, active) } : {};
  return { ...role, ...option, "aria-autocomplete": "list" as const, "aria-expanded": true, "aria-controls": menu };
}

/** As high as its words; the stylesheet says how high at most. */
function fit(input: HTMLTextAreaElement | null): void {
  if (!input) return;
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
}

/** The key was pressed in the terminal, or nowhere in particular. */
function isHere(target: EventTarget | null): boolean {
  return target === document.body || (target instanceof Element && target.closest(".terminal") !== null);
}

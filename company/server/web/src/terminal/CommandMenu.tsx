import { useEffect, useRef } from "react";

import type { Command } from "./commands/command";

interface Props {
  id: string;
  commands: readonly Command[];
  active: number;
  choose(command: Command): void;
}

/** The list below a combobox: which option is active is the prompt's to say. */
export function CommandMenu({ id, commands, active, choose }: Props) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.children[active]?.scrollIntoView?.({ block: "nearest" }), [active]);
  return (
    <ul ref={list} className="menu" role="listbox" id={id} aria-label="Commands">
      {commands.map((command, index) => (
        <li
          key={command.name}
          id={optionId(id, index)}
          role="option"
          aria-selected={index === active}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => choose(command)}
        >
          <code>
            /{command.name} <span className="dim">{command.takes}</span>
          </code>
          <span>{command.summary}</span>
        </li>
      ))}
      {!commands.length && <li role="option" aria-selected={false} aria-disabled className="dim">no such command</li>}
    </ul>
  );
}

export const optionId = (menu: string, index: number): string => `${menu}-${index}`;

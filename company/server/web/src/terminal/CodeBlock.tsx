import { useState } from "react";

/** Code as it is, and a button that copies it. */
export function CodeBlock({ language, text }: { language: string; text: string }) {
  const [copied, setCopied] = useState("");
  const copy = async () => {
    setCopied(await navigator.clipboard.writeText(text).then(() => "copied", () => "not allowed"));
    setTimeout(() => setCopied(""), 2_000);
  };
  return (
    <div className="code">
      <div className="code-head">
        <span>{language || "text"}</span>
        <button type="button" className="quiet" onClick={() => void copy()} aria-label="Copy code">
          {copied || "copy"}
        </button>
      </div>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </div>
  );
}

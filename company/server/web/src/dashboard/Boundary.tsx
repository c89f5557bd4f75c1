// A panel that cannot be drawn says so in its own box; the others stay.

import { Component, type ReactNode } from "react";

interface Props {
  title: string;
  children: ReactNode;
}

export class Boundary extends Component<Props, { fault: string }> {
  override state = { fault: "" };

  static override getDerivedStateFromError(error: unknown): { fault: string } {
    return { fault: error instanceof Error ? error.message : String(error) };
  }

  override render() {
    if (!this.state.fault) return this.props.children;
    return (
      <div className="failed" role="status">
        <p>
          <strong>{this.props.title} could not be shown.</strong> {this.state.fault}
        </p>
        <button type="button" onClick={() => this.setState({ fault: "" })}>
          Show again
        </button>
      </div>
    );
  }
}

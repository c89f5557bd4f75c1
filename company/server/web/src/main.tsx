import { createRoot } from "react-dom/client";

import { startPwa } from "./pwa/register";
import { App, takeCode } from "./shell/App";
import { startTheme } from "./shell/theme";
import "./styles/tokens.css";

startTheme();
startPwa();
createRoot(document.getElementById("app") as HTMLElement).render(<App code={takeCode()} />);

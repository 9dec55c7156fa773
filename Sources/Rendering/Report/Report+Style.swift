extension Report {
  /// Colours, type and layout of the page; charts take their colours from the variables.
  static let styleSheet = """
    :root {
      color-scheme: light dark;
      --paper: #fbfaf8; --card: #ffffff; --ink: #1d2126; --muted: #676b72; --rule: #e4e0d9; --accent: #2f6db5;
      --tint: #eef3f9; --warn: #fbf3e4; --warn-rule: #d9a441;
      --series-1: #2f6db5; --series-2: #d9822b; --series-3: #3a8f6b; --series-4: #b5485d; --series-5: #7a5fb0;
      --series-6: #6b6f76;
      --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Inter, Roboto, "Noto Sans", sans-serif;
      --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Source Serif 4", Charter, Georgia, serif;
      --mono: ui-monospace, "SF Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #15171a; --card: #1c1f23; --ink: #e9e7e2; --muted: #9b9fa6; --rule: #31353b; --accent: #7db0e8;
        --tint: #1d2834; --warn: #2b2416; --warn-rule: #b98b35;
        --series-1: #7db0e8; --series-2: #eda45c; --series-3: #74c2a0; --series-4: #e58a9b; --series-5: #b6a0e4;
        --series-6: #a4a8af;
      }
      img { filter: brightness(.9); }
    }
    * { box-sizing: border-box; }
    html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
    body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.6 var(--sans); }
    main { max-width: 980px; margin: 0 auto; padding: clamp(28px, 6vw, 72px) clamp(18px, 4vw, 40px) 72px; }
    h1 { font: 500 clamp(30px, 5vw, 46px)/1.12 var(--serif); letter-spacing: -.015em; margin: 0 0 14px;
      text-wrap: balance; }
    h2 { font: 500 27px/1.25 var(--serif); letter-spacing: -.01em; margin: 0 0 14px; }
    p, ul { max-width: 70ch; margin: 0 0 16px; text-wrap: pretty; }
    ul { padding-left: 1.2em; }
    a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 2px; }
    code { font: .88em var(--mono); background: var(--tint); border-radius: 4px; padding: .1em .35em; }
    .summary { font-size: 19px; line-height: 1.5; color: var(--muted); }
    .facts { display: flex; flex-wrap: wrap; gap: 10px 32px; margin: 22px 0 0; font-size: 14px; }
    .facts dt { color: var(--muted); font-size: 12.5px; }
    .facts dd { margin: 0; overflow-wrap: anywhere; }
    .key-figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 14px;
      margin: 34px 0 0; }
    .key-figure { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 18px 20px 16px; }
    .key-figure .label { color: var(--muted); font-size: 13.5px; }
    .key-figure .value { font: 500 38px/1.2 var(--serif); font-variant-numeric: lining-nums tabular-nums;
      letter-spacing: -.01em; }
    .key-figure .unit { font: 400 16px var(--sans); color: var(--muted); margin-left: .3em; letter-spacing: 0; }
    .key-figure .note { font-size: 13.5px; color: var(--muted); line-height: 1.4; margin-top: 2px; }
    nav { display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 30px 0 0; padding: 12px 0; font-size: 14.5px;
      border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
    nav a { color: var(--ink); text-decoration: none; }
    nav a:hover { color: var(--accent); }
    section { margin: 52px 0 0; }
    figure { margin: 22px 0 28px; }
    figcaption { color: var(--muted); font-size: 14px; line-height: 1.5; margin-top: 12px; max-width: 78ch; }
    .panels { --least: 150px; display: grid; gap: 14px;
      grid-template-columns: repeat(auto-fit, minmax(min(100%, max(var(--least), calc(100% / var(--columns) - 14px))), 1fr)); }
    .panels.charts { --least: 330px; }
    .panel { min-width: 0; }
    .panel .label { font-size: 13.5px; color: var(--muted); text-align: center; margin-top: 6px; }
    .panel img { display: block; margin: 0 auto; width: 100%; height: auto; border-radius: 10px; border: 1px solid var(--rule); }
    .chart { overflow-x: auto; background: var(--card); border: 1px solid var(--rule); border-radius: 12px;
      padding: 18px 18px 10px; }
    .chart svg { display: block; margin: 0 auto; width: 100%; height: auto; font-family: var(--sans);
      font-variant-numeric: tabular-nums; }
    .legend { max-width: 380px; margin: 14px auto 0; }
    .legend svg { display: block; width: 100%; height: auto; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: 15px; font-variant-numeric: lining-nums tabular-nums; }
    th, td { text-align: right; padding: 9px 14px; border-bottom: 1px solid var(--rule); white-space: nowrap; }
    th { font-weight: 600; font-size: 13.5px; color: var(--muted); border-bottom-color: var(--muted); }
    th:first-child, td:first-child { text-align: left; padding-left: 10px; white-space: normal; }
    tr.highlighted td { background: var(--tint); font-weight: 600; }
    pre { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 18px;
      overflow-x: auto; font-size: 14px; line-height: 1.5; margin: 0 0 18px; }
    pre code { background: none; padding: 0; font-size: 13.5px; }
    aside { background: var(--warn); border-left: 3px solid var(--warn-rule); border-radius: 0 10px 10px 0;
      padding: 12px 18px; margin: 0 0 18px; max-width: 74ch; }
    footer { margin-top: 60px; border-top: 1px solid var(--rule); padding-top: 16px; color: var(--muted);
      font-size: 14px; }
    .notes { padding-left: 1.4em; max-width: 80ch; }
    .notes li:target { background: var(--tint); }
    sup { line-height: 0; } sup a { text-decoration: none; padding: 0 1px; }
    @media print {
      body { background: #fff; font-size: 11pt; } main { max-width: none; padding: 0; } nav { display: none; }
      figure, .key-figure, pre { break-inside: avoid; } h2 { break-after: avoid; }
    }
    """
}

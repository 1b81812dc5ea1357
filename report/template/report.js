"use strict";
(() => {
  const $ = (q, el = document) => el.querySelector(q);
  const $$ = (q, el = document) => [...el.querySelectorAll(q)];
  const el = (name, cls, text) => {
    const e = document.createElement(name);
    if (cls) e.className = cls;
    if (text !== undefined) e.textContent = text; // text is evidence's: never HTML
    return e;
  };
  const groups = new Map(JSON.parse($("#data").textContent).groups.map((g) => [g.id, g]));
  document.documentElement.classList.remove("still");

  // ---- words

  const pad = (n, w = 2) => String(n).padStart(w, "0");
  const clock = (ms, span) => {
    const d = new Date(ms);
    const hms = pad(d.getUTCHours()) + ":" + pad(d.getUTCMinutes()) + ":" + pad(d.getUTCSeconds());
    if (span < 20e3) return hms + "." + pad(d.getUTCMilliseconds(), 3);
    if (span < 36 * 3600e3) return hms;
    return pad(d.getUTCMonth() + 1) + "-" + pad(d.getUTCDate()) + " " + hms.slice(0, 5);
  };
  const trim = (v, n) => String(+v.toFixed(n));
  const scaled = (v, base, units) => {
    let n = 0;
    while (Math.abs(v) >= base && n < units.length - 1) { v /= base; n++; }
    return trim(v, Math.abs(v) < 10 ? 2 : 1) + (units[n] ? " " + units[n] : "");
  };
  const amount = (v, unit) => {
    if (v === null || v === undefined) return "–";
    if (unit.startsWith("bytes")) return scaled(v, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]) + (unit === "bytes" ? "" : "/s");
    if (unit === "us") return scaled(v, 1000, ["µs", "ms", "s"]);
    if (unit === "ms") return scaled(v, 1000, ["ms", "s"]);
    if (unit === "seconds" || unit === "s") return trim(v, 3) + " s";
    return scaled(v, 1000, ["", "k", "M", "G", "T"]) + (unit === "1/s" ? "/s" : "");
  };

  // ---- the tip and the evidence

  const tip = $("#tip");
  const linesOf = (g, numbers) => (numbers ? numbers.split(",") : []).map((n) => groups.get(g).lines[+n]).filter(Boolean);
  const placeOf = (l) => (l[1] > 0 ? l[0] + ":" + l[1] : l[0]);
  const showTip = (x, y, says, g, numbers) => {
    tip.replaceChildren(el("div", "", says));
    for (const l of linesOf(g, numbers).slice(0, 3)) tip.append(el("span", "at", placeOf(l)), el("code", "", l[2]));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
    tip.style.top = (y + 18 + box.height > innerHeight ? Math.max(8, y - box.height - 14) : y + 18) + "px";
  };
  const hideTip = () => { tip.hidden = true; };

  const dialog = $("#evidence");
  // open shows lines of evidence, each between those that the report knows of the same file.
  const open = (g, numbers, says) => {
    const chosen = linesOf(g, numbers);
    if (!chosen.length) return;
    const body = $("#evidence-body");
    body.replaceChildren();
    if (says) body.append(el("p", "", says));
    for (const file of new Set(chosen.map((l) => l[0]))) {
      body.append(el("h3", "", file));
      const all = groups.get(g).lines.filter((l) => l[0] === file).sort((a, b) => a[1] - b[1]);
      const at = all.map((l, n) => (chosen.includes(l) ? n : -1)).filter((n) => n >= 0);
      const list = el("ol");
      all.forEach((l, n) => {
        if (!at.some((k) => Math.abs(k - n) <= 4)) return;
        const li = el("li", chosen.includes(l) ? "this" : "");
        li.append(el("span", "", l[1] > 0 ? String(l[1]) : ""), el("code", "", l[2]));
        list.append(li);
      });
      body.append(list);
    }
    hideTip();
    dialog.showModal();
  };
  dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); });
  document.addEventListener("click", (e) => {
    const b = e.target.closest("button.ev");
    if (b) open(b.dataset.g, b.dataset.e);
    const c = e.target.closest("button.copy");
    if (c) copy(c);
  });
  const copy = async (button) => {
    const code = $("code", button.parentElement);
    const label = button.firstChild;
    try {
      await navigator.clipboard.writeText(code.textContent);
      label.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code); // no leave to write: the reader's own Ctrl-C does
      label.textContent = "Selected";
    }
    setTimeout(() => { label.textContent = "Copy"; }, 1600);
  };

  // ---- the picture: lanes and charts on one window of time

  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, 864e5, 1728e5, 6048e5];
  const right = 14;
  const powers = Array.from({ length: 54 }, (_, n) => 2 ** n); // bytes are read in these, so the axis counts in them
  const svgNS = "http://www.w3.org/2000/svg";
  const pictures = [];

  class Picture {
    constructor(g, figure, chartsBox) {
      this.g = g;
      this.figure = figure;
      this.svg = figure && $("svg.lanes", figure);
      this.box = chartsBox;
      this.charts = [];
      this.from = g.from; this.to = Math.max(g.to, g.from + 1);
      [this.min, this.max] = g.focus[1] > g.focus[0] ? g.focus : [this.from, this.to];
      if (this.svg) this.bind();
      if (this.box) this.plan();
      this.layout();
    }

    get left() { return this.width < 700 ? 92 : 150; }
    x(ms) { return this.left + (this.width - this.left - right) * (ms - this.min) / (this.max - this.min); }
    time(x) { return this.min + (this.max - this.min) * (x - this.left) / (this.width - this.left - right); }

    // set moves the window; it stays within the capture, with a little air.
    set(min, max) {
      const air = (this.to - this.from) * 0.02;
      const span = Math.min(Math.max(max - min, 5), this.to - this.from + 2 * air);
      min = Math.min(Math.max(min, this.from - air), this.to + air - span);
      this.min = min; this.max = min + span;
      hideTip();
      if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = 0; this.layout(); this.follow(); });
    }
    zoom(how) {
      const span = this.max - this.min, mid = (this.min + this.max) / 2;
      if (how === "in") this.set(mid - span / 4, mid + span / 4);
      if (how === "out") this.set(mid - span, mid + span);
      if (how === "left") this.set(this.min - span / 3, this.max - span / 3);
      if (how === "right") this.set(this.min + span / 3, this.max + span / 3);
      if (how === "all") this.set(this.from, this.to);
    }
    focus(from, to) { const air = Math.max((to - from) / 8, 1000); this.set(from - air, to + air); }

    bind() {
      const { svg, figure, g } = this;
      const select = $(".select", svg), hair = $(".hair", svg);
      this.items = $$("g.mark, .step", svg).sort((a, b) => a.dataset.a - b.dataset.a);
      figure.addEventListener("click", (e) => {
        const b = e.target.closest("button");
        if (!b) return;
        if (b.dataset.zoom) this.zoom(b.dataset.zoom); else if (b.dataset.from) this.focus(+b.dataset.from, +b.dataset.to);
      });
      let down = null, dragged = false;
      const at = (e) => e.clientX - svg.getBoundingClientRect().left;
      svg.addEventListener("pointerdown", (e) => { dragged = false; if (e.button === 0 && at(e) > this.left) down = at(e); });
      svg.addEventListener("pointermove", (e) => {
        const x = at(e);
        hair.setAttribute("transform", `translate(${x + 9} 0)`);
        this.charts.forEach((u) => u && u.setCursor({ left: x - this.left, top: 10 }, false));
        if (down !== null && Math.abs(x - down) > 5) {
          if (!dragged) svg.setPointerCapture(e.pointerId);
          dragged = true;
          select.setAttribute("x", Math.min(x, down));
          select.setAttribute("width", Math.abs(x - down));
          hideTip();
          return;
        }
        const item = e.target.closest("[data-says]");
        if (item) showTip(e.clientX, e.clientY, item.dataset.says, g.id, item.dataset.e); else hideTip();
      });
      const up = (e) => {
        if (dragged) this.set(this.time(Math.min(at(e), down)), this.time(Math.max(at(e), down)));
        down = null;
        select.setAttribute("width", 0);
      };
      svg.addEventListener("pointerup", up);
      svg.addEventListener("pointercancel", () => { down = null; dragged = false; select.setAttribute("width", 0); });
      svg.addEventListener("pointerleave", () => { hideTip(); hair.setAttribute("transform", "translate(-99 0)"); });
      svg.addEventListener("dblclick", () => this.zoom("all"));
      svg.addEventListener("click", (e) => {
        const item = e.target.closest("[data-e]");
        if (dragged) { e.preventDefault(); return; }
        if (!item || !item.dataset.e) return;
        e.preventDefault();
        open(g.id, item.dataset.e, item.dataset.says);
      });
      svg.addEventListener("wheel", (e) => {
        if (!e.ctrlKey) return; // a plain wheel scrolls the page
        e.preventDefault();
        const t = this.time(at(e)), f = e.deltaY < 0 ? 0.8 : 1.25;
        this.set(t - (t - this.min) * f, t + (this.max - t) * f);
      }, { passive: false });
      svg.addEventListener("keydown", (e) => {
        const keys = { "+": "in", "=": "in", "-": "out", "0": "all" };
        if (keys[e.key]) { this.zoom(keys[e.key]); e.preventDefault(); return; }
        if (e.key === "Escape") { hideTip(); return; }
        const hot = this.items.indexOf(this.hot);
        if (e.key === "ArrowRight" || e.key === "ArrowLeft") {
          e.preventDefault();
          const next = this.items[hot < 0 ? 0 : Math.min(Math.max(hot + (e.key === "ArrowRight" ? 1 : -1), 0), this.items.length - 1)];
          if (next) this.heat(next);
        } else if ((e.key === "Enter" || e.key === " ") && this.hot) {
          e.preventDefault();
          open(g.id, this.hot.dataset.e, this.hot.dataset.says);
        }
      });
      svg.addEventListener("blur", () => { this.hot?.classList.remove("hot"); this.hot = null; hideTip(); });
      for (const s of $$(".step", svg)) {
        const li = document.getElementById(s.getAttribute("href").slice(1));
        li?.addEventListener("mouseenter", () => s.classList.add("hot"));
        li?.addEventListener("mouseleave", () => s.classList.remove("hot"));
      }
    }

    // heat moves the keyboard's place to an item, into the window where it is outside.
    heat(item) {
      this.hot?.classList.remove("hot");
      this.hot = item;
      item.classList.add("hot");
      const t = +item.dataset.a, span = this.max - this.min;
      if (t < this.min || t > this.max) { this.set(t - span / 2, t + span / 2); this.layout(); }
      const box = item.getBoundingClientRect();
      showTip(box.left + box.width / 2, box.bottom, item.dataset.says, this.g.id, item.dataset.e);
    }

    layout(forced) {
      this.width = forced || (this.figure || this.box).clientWidth;
      if (!this.svg || !this.width) return;
      const { svg, left, width, min, max } = this;
      const height = svg.viewBox.baseVal.height, axis = height - 26;
      const perMs = (width - left - right) / (max - min);
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      const clip = $("clipPath rect", svg);
      clip.setAttribute("x", left);
      clip.setAttribute("width", width - left - right);
      $(".axis", svg).setAttribute("d", `M${left} ${axis}H${width - right}`);
      for (const t of $$(".lane-name", svg)) {
        const most = left < 150 ? 12 : 19, full = t.dataset.full;
        t.setAttribute("x", left - 14);
        t.lastChild.textContent = full.length > most ? "…" + full.slice(1 - most) : full;
      }
      // Coordinates far outside are drawn wrong by some browsers; what is outside is kept just outside.
      const near = (v) => Math.min(Math.max(v, left - 40), width + 40);
      for (const r of $$("rect[data-a]", svg)) {
        const a = near(this.x(+r.dataset.a)), b = near(this.x(+r.dataset.b));
        r.setAttribute("x", a);
        r.setAttribute("width", Math.max(b - a, 1));
        r.removeAttribute("visibility");
      }
      for (const m of $$("g.mark", svg)) {
        const a = +m.dataset.a, d = +(m.dataset.d || 0), r = +(m.dataset.r || 0), x = this.x(a);
        const out = a + d + r < min || a - r > max;
        m.setAttribute("visibility", out ? "hidden" : "visible");
        if (out) continue;
        m.setAttribute("transform", `translate(${x} ${m.dataset.y})`);
        if (d) $(".len", m).setAttribute("d", `M0 0H${Math.min(d * perMs, 9999)}`);
        if (r) { const w = Math.min(r * perMs, 9999); $(".doubt", m).setAttribute("d", `M${-w}-3V3M${-w} 0H${w}M${w}-3V3`); }
      }
      const last = new Map();
      for (const s of $$(".step", svg)) {
        const x = this.x(+s.dataset.a), out = x < left - 10 || x > width;
        s.setAttribute("visibility", out ? "hidden" : "visible");
        if (out) continue;
        // A disc that would cover the one before is a dot below the bar.
        const crowded = x - (last.get(s.dataset.y) ?? -99) < 17;
        s.classList.toggle("crowded", crowded);
        s.setAttribute("transform", `translate(${x} ${+s.dataset.y + (crowded ? 13 : 0)})`);
        if (!crowded) last.set(s.dataset.y, x);
      }
      for (const p of $$(".arrow", svg)) {
        const x0 = near(this.x(+p.dataset.a)), x1 = near(this.x(+p.dataset.b));
        const y0 = +p.dataset.y1, y1 = +p.dataset.y2, s = y1 < y0 ? -9 : 9;
        const a = y0 + s, b = y1 - s - Math.sign(s) * 3, m = (a + b) / 2;
        p.setAttribute("d", `M${x0} ${a}C${x0} ${m} ${x1} ${m} ${x1} ${b}`);
      }
      const ticks = $(".ticks", svg);
      ticks.replaceChildren();
      const step = steps.find((s) => s * perMs > (width < 500 ? 56 : 92)) || steps[steps.length - 1];
      for (let t = Math.ceil(min / step) * step; t <= max; t += step) {
        const x = this.x(t);
        if (x > width - (width < 500 ? 28 : 40) || x < left + (width < 500 ? 2 : 10)) continue;
        const text = document.createElementNS(svgNS, "text");
        text.setAttribute("x", x);
        text.setAttribute("y", axis + 17);
        text.textContent = clock(t, max - min);
        ticks.append(text);
      }
      $(".window", this.figure).textContent = clock(min, 0) + " – " + clock(max, 0) + " UTC";
    }

    // plan makes room for the charts; each is drawn when it comes into view.
    plan() {
      const watch = new IntersectionObserver((seen) => {
        for (const e of seen) if (e.isIntersecting) { watch.unobserve(e.target); this.draw(+e.target.dataset.n); }
      }, { rootMargin: "300px" });
      // The first charts answer most questions; the rest are a click away, so that the chain is not a long way down.
      const first = firstCharts;
      const rest = this.g.charts.length > first + 1 ? el("details", "more") : null;
      if (rest) {
        rest.append(el("summary", "", this.g.charts.length - first + " more charts: " + this.g.charts.slice(first).map((c) => c.title.toLowerCase()).join(", ")));
        rest.addEventListener("toggle", () => this.resize());
      }
      const lanes = this.svg ? $$(".lane-name", this.svg).map((t) => t.dataset.full) : [];
      this.names = [...new Set([...lanes, ...this.g.charts.flatMap((c) => c.series.map((s) => s.label))])];
      this.places = this.g.charts.map((c, n) => {
        const chart = el("div", "chart"), head = el("div", "chart-head");
        chart.dataset.n = n;
        head.append(el("b", "", c.title));
        chart.append(head);
        chart.setAttribute("role", "img");
        chart.setAttribute("aria-label", c.title + " of " + c.series.map((s) => s.label).join(", ") + ". The numbers are in the CSV and JSON reports.");
        (rest && n >= first ? rest : this.box).append(chart);
        watch.observe(chart);
        return chart;
      });
      if (rest) this.box.append(rest);
    }
    colors() {
      const css = getComputedStyle(document.documentElement);
      const of = (name) => css.getPropertyValue("--" + name).trim();
      return { line: of("faint"), soft: of("soft"), critical: of("critical-wash"), warning: of("warning-wash"), series: [1, 2, 3, 4, 5, 6].map((n) => of("c" + n)) };
    }
    draw(n) {
      const c = this.g.charts[n], box = this.places[n], ink = this.colors(), self = this;
      this.charts[n]?.destroy();
      const axes = this.g.x;
      const xs = (k) => { let t = 0; return axes[k].map((d) => (t += d)); };
      const data = uPlot.join(c.series.map((s) => [xs(s.x), s.y]), c.series.map(() => [1, 2]) /* a gap reaches to the next point of its own series */);
      const stepped = c.unit === "" || c.unit === "us"; // counts, states and last values hold until the next sample
      // Each series is shown at its own instant, which is said where it is not the cursor's.
      const value = (u, v, n, at) => amount(v, c.unit) + (v == null || at == null || at === u.cursor.idx ? "" : " at " + clock(u.data[0][at], 0));
      const lead = this.left;
      this.charts[n] = new uPlot({
        width: Math.max(this.width, 200), height: 128, ms: 1, padding: [8, right, 0, 0],
        tzDate: (t) => uPlot.tzDate(new Date(t), "Etc/UTC"),
        cursor: {
          sync: { key: this.g.id, setSeries: false }, y: false, points: { size: 6 },
          drag: { x: true, y: false, setScale: false, dist: 5 },
          bind: { dblclick: () => () => self.zoom("all") },
        },
        legend: { mount: (u, legend) => box.firstChild.append(legend) },
        scales: {
          x: { min: this.min, max: this.max, range: (u, a, b) => [a, b] },
          y: { range: (u, a, b) => {
            if (a === null) return [0, 1];
            if (a === b && a > 0) return [0, b * 1.2];
            const low = a >= 0 && a < 0.6 * b ? 0 : a - (b - a || Math.abs(b) || 1) * 0.1;
            return [low, b + (b - low || 1) * 0.08];
          } },
        },
        axes: [
          { stroke: ink.soft, grid: { stroke: ink.line, width: 1 }, ticks: { show: false }, size: 24, font: "11px system-ui", space: 92, values: (u, ts) => ts.map((t) => (u.valToPos(t, "x") > u.over.clientWidth - 26 ? "" : clock(t, self.max - self.min))) },
          { stroke: ink.soft, grid: { stroke: ink.line, width: 1 }, ticks: { show: false }, size: lead, font: "11px system-ui", space: 34, ...(c.unit.startsWith("bytes") ? { incrs: powers } : {}), values: (u, vs) => vs.map((v) => amount(v, c.unit)) },
        ],
        series: [{ label: "at", value: (u, v) => (v === null ? "–" : clock(v, 0)) }, ...c.series.map((s) => ({
          label: s.label, stroke: ink.series[self.names.indexOf(s.label) % ink.series.length], width: 1.5, value, points: { size: 4 },
          ...(stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
        }))],
        hooks: {
          drawClear: [(u) => {
            for (const s of self.g.spans) {
              const a = Math.max(u.valToPos(s.from, "x", true), u.bbox.left), b = Math.min(u.valToPos(s.to, "x", true), u.bbox.left + u.bbox.width);
              if (b <= a) continue;
              u.ctx.fillStyle = s.severity === "critical" ? ink.critical : ink.warning;
              u.ctx.fillRect(a, u.bbox.top, b - a, u.bbox.height);
            }
          }],
          setSelect: [(u) => {
            if (u.select.width < 3) return;
            const a = u.posToVal(u.select.left, "x"), b = u.posToVal(u.select.left + u.select.width, "x");
            u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
            self.set(a, b);
          }],
          setCursor: [(u) => {
            if (self.svg) $(".hair", self.svg).setAttribute("transform", `translate(${u.cursor.left >= 0 ? u.cursor.left + lead + 9 : -99} 0)`);
          }],
        },
      }, data, box);
    }
    // follow takes the charts along with the window.
    follow() { for (const u of this.charts) u?.setScale("x", { min: this.min, max: this.max }); }
    resize(forced) {
      const before = this.left;
      this.layout(forced);
      this.charts.forEach((u, n) => {
        if (!u) return;
        if (before !== this.left) this.draw(n); else u.setSize({ width: Math.max(this.width, 200), height: 128 });
      });
    }
    redraw() { this.charts.forEach((u, n) => u && this.draw(n)); }
  }

  // Whatever is drawn later has its height from the start: a link must land where it points, and stay there.
  const firstCharts = 4, chartHeight = 162;
  for (const svg of $$("svg.lanes")) svg.style.height = svg.viewBox.baseVal.height + "px";
  for (const box of $$(".charts")) {
    const n = groups.get(box.dataset.g).charts.length;
    const more = n > firstCharts + 1;
    box.style.minHeight = (more ? firstCharts : n) * chartHeight + (more ? 40 : 0) + 14 + "px";
  }
  const started = new Set();
  const start = (g) => {
    if (!g || started.has(g.id)) return;
    started.add(g.id);
    const figure = $(`.picture[data-g="${g.id}"]`), box = $(`.charts[data-g="${g.id}"]`);
    if (figure || box) pictures.push(new Picture(g, figure, box));
  };
  // A fleet has hundreds of pictures: each begins when its group comes near.
  const near = new IntersectionObserver((seen) => {
    for (const e of seen) if (e.isIntersecting) { near.unobserve(e.target); start(groups.get(e.target.id)); }
  }, { rootMargin: "600px" });
  $$("section.group").forEach((s, n) => (n < 3 ? start(groups.get(s.id)) : near.observe(s)));
  const resized = () => pictures.forEach((p) => p.resize());
  addEventListener("resize", resized);
  $$("details").forEach((d) => d.addEventListener("toggle", () => pictures.forEach((p) => d.contains(p.figure || p.box) && p.resize())));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => pictures.forEach((p) => p.redraw()));
  addEventListener("beforeprint", () => {
    $$("details").forEach((d) => { d.dataset.was = d.open ? "1" : ""; if (d.classList.contains("later") || d.parentElement.classList.contains("group")) d.open = true; });
    groups.forEach(start);
    pictures.forEach((p) => { p.places?.forEach((c, n) => p.charts[n] || c.offsetParent && p.draw(n)); p.resize(700); p.redraw(); });
  });
  addEventListener("afterprint", () => {
    $$("details").forEach((d) => { d.open = d.dataset.was === "1"; });
    resized();
    pictures.forEach((p) => p.redraw());
  });

  // A link opens what it leads to and what that is folded in, draws it, and stays there while things around it come to rest.
  let landing = 0;
  const reveal = () => {
    const to = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!to) return;
    for (let d = to.closest("details") || $(":scope > details", to); d; d = d.parentElement.closest("details")) d.open = true;
    const section = to.closest("section.group");
    if (section) { section.hidden = false; start(groups.get(section.id)); }
    const mine = ++landing;
    let frames = 0;
    const hold = () => {
      if (mine !== landing) return;
      const want = parseFloat(getComputedStyle(to).scrollMarginTop) || 0, is = to.getBoundingClientRect().top;
      const end = Math.abs(scrollY + innerHeight - document.documentElement.scrollHeight) < 2;
      if (Math.abs(is - want) > 2 && !(end && is > want)) to.scrollIntoView({ behavior: "instant" });
      if (++frames < 30) requestAnimationFrame(hold);
    };
    hold();
  };
  for (const kind of ["wheel", "touchstart", "keydown", "mousedown"]) addEventListener(kind, () => { landing++; }, { passive: true });
  addEventListener("hashchange", reveal);
  // By itself the browser would tell of a link's place some time after it went there, and show the wrong one until then.
  document.addEventListener("click", (e) => {
    const a = e.target.closest('a[href^="#"]');
    if (!a || e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    location.hash = a.getAttribute("href");
    reveal();
  });
  reveal();

  // ---- the overview

  const table = $("#groups");
  if (table) {
    const body = $("tbody", table), rows = $$("tr", body);
    const text = rows.map((r) => r.textContent.toLowerCase());
    const find = $("#find"), sort = $("#sort"), only = $("#only"), found = $("#found");
    const show = () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      let n = 0;
      rows.forEach((r, i) => {
        r.hidden = !words.every((w) => text[i].includes(w)) || (only.checked && r.dataset.sick !== "1");
        if (!r.hidden) n++;
        const section = r.dataset.section && document.getElementById(r.dataset.section);
        if (section) section.hidden = r.hidden;
      });
      found.textContent = n === rows.length ? "" : n + " of " + rows.length;
    };
    const order = () => {
      const by = sort.value;
      const key = { rank: (r) => +r.dataset.rank, full: (r) => -r.dataset.full, start: (r) => +r.dataset.start }[by];
      const sorted = [...rows].sort(key ? (a, b) => key(a) - key(b) || a.dataset.rank - b.dataset.rank : (a, b) => a.dataset.name.localeCompare(b.dataset.name, "en", { numeric: true }));
      body.append(...sorted);
    };
    const sick = rows.filter((r) => r.dataset.sick === "1").length;
    only.checked = sick > 0 && rows.length > 40;
    show();
    find.addEventListener("input", show);
    only.addEventListener("change", show);
    sort.addEventListener("change", order);
  }
})();

//! The Markdown report: the same facts as text. Whatever others wrote is escaped or fenced.

use std::fmt::Write;

use assay_research::views::{ChosenView, ConceptPage, ExaminationView, StrategyView};

use crate::figures::{about, count, duration, instant, moment, number, percent, plural, probability};
use crate::sections::examination::{in_parts, metric_rows, part_words};
use crate::sections::{checks, deciding, history, marks, outlook, robustness, statistics, strategies, words};

/// Trades listed.
const TRADES_MAX: usize = 20;

/// The whole file.
pub(super) fn render(page: &ConceptPage) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    write_all(page, &mut out).expect("writing to a string");
    out
}

fn write_all(page: &ConceptPage, out: &mut String) -> std::fmt::Result {
    let concept = &page.concept;
    writeln!(out, "# {}\n", escaped(&concept.text))?;
    writeln!(out, "`{}`, generation {}, given {}.\n", concept.id, concept.generation, instant(&concept.created_at))?;
    if let Some(note) = &page.note {
        writeln!(out, "{}\n", quoted(note))?;
    }
    verdict(page, out)?;
    let answers = words::answers(page);
    if !answers.is_empty() {
        writeln!(out, "## In plain words\n")?;
        answers.iter().try_for_each(|(question, answer)| writeln!(out, "- **{question}:** {}", escaped(answer)))?;
        out.push('\n');
    }
    best(page, out)?;
    if let Some(evidence) = page.verdict.as_ref().and_then(|v| v.evidence.as_ref()) {
        writeln!(out, "## Statistics\n\n| Figure | Value | Meaning |\n|---|--:|---|")?;
        for figure in statistics::figures(evidence, deciding(page)) {
            writeln!(out, "| {} | {} | {} |", figure.name, escaped(&figure.value), escaped(&figure.meaning))?;
        }
        if let Some(x) = deciding(page) {
            writeln!(out, "\n{}", escaped(&statistics::terms(x)))?;
        }
        out.push('\n');
    }
    matrix(page, out)?;
    writeln!(out, "## Strategies\n")?;
    if page.strategies.is_empty() {
        writeln!(out, "No strategy was found.\n")?;
    }
    page.strategies.iter().try_for_each(|s| strategy(s, out))?;
    sources(page, out)?;
    writeln!(out, "## Timeline\n")?;
    for line in &page.timeline {
        write!(out, "- {} **{}**", instant(&line.at), escaped(&line.what))?;
        if !line.detail.is_empty() {
            write!(out, " {}", escaped(&line.detail))?;
        }
        if let Some(id) = &line.message_id {
            write!(out, " ({})", escaped(id))?;
        }
        out.push('\n');
    }
    writeln!(out, "\n## Cost\n\n{}\n", history::SPENT)?;
    for (resource, units) in &page.spent {
        writeln!(out, "- {} {}", count(*units), history::resource_words(resource, *units))?;
    }
    if let Some(seconds) = concept.seconds {
        writeln!(out, "- {} from its first message to its end", duration(seconds))?;
    }
    writeln!(out, "\nA verdict says how well luck explains a back-test. It is no advice and no promise of profit.")
}

fn verdict(page: &ConceptPage, out: &mut String) -> std::fmt::Result {
    let Some(verdict) = &page.verdict else {
        let why = if page.concept.why.is_empty() { "no verdict yet" } else { &page.concept.why };
        return writeln!(out, "**{}**: {}\n", escaped(&page.concept.state), escaped(why));
    };
    writeln!(out, "## Verdict: {}\n", marks::verdict_words(&verdict.verdict))?;
    writeln!(out, "{}\n", escaped(&verdict.summary))?;
    let changes = outlook::changes(page);
    if !changes.is_empty() {
        let title = if verdict.verdict == "plausible" { "What would undo it" } else { "What would change it" };
        writeln!(out, "### {title}\n")?;
        changes.iter().try_for_each(|change| writeln!(out, "- {}", escaped(change)))?;
        out.push('\n');
    }
    writeln!(out, "### Checks\n")?;
    for reason in &verdict.reasons {
        let outcome = if reason.passed { "passed" } else { "**failed**" };
        writeln!(out, "- {outcome}: {}. {}", checks::name(&reason.code), escaped(&reason.text))?;
    }
    writeln!(
        out,
        "\nLooks counted: {} by this concept ({} independent), {} over the life of the database ({} independent).\n",
        count(verdict.own.raw),
        about(verdict.own.effective),
        count(verdict.looks.raw),
        about(verdict.looks.effective)
    )
}

fn best(page: &ConceptPage, out: &mut String) -> std::fmt::Result {
    let Some(x) = deciding(page) else { return Ok(()) };
    writeln!(out, "## {} on {}\n", escaped(&x.title), escaped(&x.symbol))?;
    let Some(chosen) = &x.chosen else { return writeln!(out, "No parameter set could be tested.\n") };
    let values: Vec<String> = chosen.values.iter().map(|(n, v)| format!("{} {}", escaped(n), number(*v))).collect();
    if !values.is_empty() {
        writeln!(out, "Best parameter set: {}.\n", values.join(", "))?;
    }
    writeln!(out, "| | All bars | Holding | Walking forward |\n|---|--:|--:|--:|")?;
    for (name, values) in metric_rows(chosen) {
        writeln!(out, "| {name} | {} |", values.join(" | "))?;
    }
    out.push('\n');
    windows(chosen, out)?;
    robust(page, x, out)?;
    regimes(chosen, out)?;
    trades(chosen, out)
}

fn windows(chosen: &ChosenView, out: &mut String) -> std::fmt::Result {
    if chosen.windows.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "### Walking forward\n\n| Traded from | To | Chosen on the bars before | Promised Sharpe | Kept | Return |\n|---|---|---|--:|--:|--:|"
    )?;
    for row in robustness::window_rows(&chosen.windows) {
        writeln!(out, "| {} |", row.map(|cell| escaped(&cell)).join(" | "))?;
    }
    if let Some(drift) = chosen.drift {
        writeln!(out, "\nFrom window to window the choice wanders by {} of the grid.", percent(drift))?;
    }
    out.push('\n');
    Ok(())
}

fn robust(page: &ConceptPage, x: &ExaminationView, out: &mut String) -> std::fmt::Result {
    let Some(evidence) = &x.evidence else { return Ok(()) };
    let verdict = page.verdict.as_ref();
    let reasons = verdict.map_or(&x.reasons, |v| &v.reasons);
    let changes = robustness::changes(evidence, reasons, verdict.and_then(|v| v.agreement), x.chosen.as_ref());
    writeln!(out, "### Robustness\n\n| Changed | Left | Check | Meaning |\n|---|--:|---|---|")?;
    for c in changes {
        writeln!(
            out,
            "| {} | {} | {} | {} |",
            c.what,
            escaped(&c.left),
            robustness::outcome(c.passed),
            escaped(&c.meaning)
        )?;
    }
    out.push('\n');
    Ok(())
}

fn regimes(chosen: &ChosenView, out: &mut String) -> std::fmt::Result {
    if chosen.regimes.is_empty() {
        return Ok(());
    }
    writeln!(out, "### When it earned\n\n| When | Bars | Return a year | Sharpe ratio |\n|---|--:|--:|--:|")?;
    for row in robustness::regime_rows(&chosen.regimes) {
        writeln!(out, "| {} |", row.map(|cell| escaped(&cell)).join(" | "))?;
    }
    out.push('\n');
    Ok(())
}

fn trades(chosen: &ChosenView, out: &mut String) -> std::fmt::Result {
    if chosen.trades.is_empty() {
        return writeln!(out, "It never traded.\n");
    }
    let shown = chosen.trades.len().min(TRADES_MAX);
    writeln!(
        out,
        "### Trades\n\n{}; the last {shown}, newest first:\n",
        plural(chosen.trades_total as u64, "trade", "trades")
    )?;
    let parts = in_parts(chosen);
    let (head, rule) = if parts { (" Part |", "--:|") } else { ("", "") };
    writeln!(out, "| Side | Entry | Exit |{head} Entry price | Exit price | Gain after costs |")?;
    writeln!(out, "|---|---|---|{rule}--:|--:|--:|")?;
    for t in chosen.trades.iter().rev().take(TRADES_MAX) {
        let exit = t.exit.map_or_else(|| "**still open**".to_owned(), moment);
        let part = if parts { format!(" {} |", part_words(t)) } else { String::new() };
        let prices = (number(t.entry_price), number(t.exit_price));
        let (side, entry) = (escaped(&t.side), moment(t.entry));
        writeln!(out, "| {side} | {entry} | {exit} |{part} {} | {} | {} |", prices.0, prices.1, percent(t.gain))?;
    }
    out.push('\n');
    Ok(())
}

fn matrix(page: &ConceptPage, out: &mut String) -> std::fmt::Result {
    if page.examinations.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "## Strategies by data set\n\n| Strategy | Data set | Verdict | Deflated Sharpe | Summary |\n|---|---|---|--:|---|"
    )?;
    for x in &page.examinations {
        let dsr = x.evidence.as_ref().and_then(|e| e.dsr_effective).map_or_else(|| "-".to_owned(), probability);
        let (title, symbol, summary) = (escaped(&x.title), escaped(&x.symbol), escaped(&x.summary));
        let verdict = marks::verdict_words(&x.verdict);
        writeln!(out, "| {title} | {symbol} | {} | {} | {summary} |", escaped(verdict), escaped(&dsr))?;
    }
    out.push('\n');
    Ok(())
}

fn strategy(strategy: &StrategyView, out: &mut String) -> std::fmt::Result {
    let p = &strategy.proposal;
    writeln!(out, "### {}. {}\n", strategy.ordinal + 1, escaped(&p.title))?;
    writeln!(out, "- Origin: {}, {}", strategies::origin_words(p.origin), linked(&p.from))?;
    writeln!(out, "- Chosen because: {}", escaped(&p.because))?;
    for (name, text) in [("Claim", &p.claim), ("Family", &p.family), ("Literature", &p.literature)] {
        if let Some(text) = text {
            writeln!(out, "- {name}: {}", escaped(text))?;
        }
    }
    if !p.stated.is_empty() {
        let stated: Vec<String> = p.stated.iter().map(|(n, v)| format!("{} {}", escaped(n), number(*v))).collect();
        writeln!(out, "- Stated values: {}", stated.join(", "))?;
    }
    for input in &strategy.inputs {
        let derived = if input.derived { " (derived)" } else { "" };
        writeln!(out, "- Input {}: {}{derived}", escaped(&input.title), strategies::range(&input.values))?;
    }
    p.warnings.iter().try_for_each(|warning| writeln!(out, "- Note: {}", escaped(warning)))?;
    out.push('\n');
    if let Some((quote, from)) = &p.quote {
        writeln!(out, "{}\n>\n> {}\n", quoted(quote), linked(from))?;
    }
    if let Some(refused) = &p.refused {
        writeln!(out, "Not tested:\n\n{}", fenced(refused, "text"))?;
    }
    writeln!(out, "{}", fenced(&p.pine, "pine"))
}

fn sources(page: &ConceptPage, out: &mut String) -> std::fmt::Result {
    writeln!(out, "## Sources\n")?;
    if page.sources.is_empty() {
        writeln!(out, "No source was read.\n")?;
    }
    for source in &page.sources {
        let title = if source.title.is_empty() { "Untitled" } else { &source.title };
        let detail = escaped(&source.detail);
        if source.status == "refused" {
            writeln!(out, "- refused: {}: {detail}\n", linked(&source.origin))?;
            continue;
        }
        writeln!(out, "- {}, {}: {} ({detail})\n", escaped(title), escaped(&source.kind), linked(&source.origin))?;
        source.quotes.iter().try_for_each(|quote| writeln!(out, "{}\n", quoted(quote)))?;
    }
    Ok(())
}

/// Text of one line that cannot become markup, neither Markdown's nor HTML's.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            // Renderers that link bare addresses need a colon right behind the scheme.
            ':' if ["http", "https", "javascript", "data", "mailto"].iter().any(|s| out.ends_with(s)) => {
                out.push_str("&#58;")
            }
            c => out.push(c),
        }
    }
    out
}

/// A link for http and https, plain text for anything else.
fn linked(origin: &str) -> String {
    match marks::web(origin) {
        // A parsed address holds neither blanks nor angle brackets.
        Some(url) => format!("<{}>", url.as_str().replace('<', "%3C").replace('>', "%3E")),
        None => escaped(origin),
    }
}

fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("> {}", escaped(line)).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A code block whose fence is longer than any run of backticks inside.
fn fenced(text: &str, language: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_become_markup() {
        assert_eq!(escaped("<b>*a* | [x](javascript:y)\n# z"), "&lt;b&gt;\\*a\\* \\| \\[x\\](javascript&#58;y) \\# z");
        assert_eq!(linked("javascript:alert(1)"), "javascript&#58;alert(1)");
        assert_eq!(linked("https://example.org/a b"), "<https://example.org/a%20b>");
        assert!(fenced("a\n````\nb", "pine").starts_with("`````pine\n"));
        assert_eq!(quoted("a\n\nb"), "> a\n>\n> b");
    }
}

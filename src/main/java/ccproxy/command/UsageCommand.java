package ccproxy.command;

import ccproxy.observe.Since;
import ccproxy.observe.UsageReport;
import ccproxy.wire.JsonWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/// `usage`: what was used, from the ledger that servers of this user wrote; no server need run.
final class UsageCommand {
    private static final List<String> HEAD =
            List.of(
                    "requests",
                    "errors",
                    "input",
                    "output",
                    "cache read",
                    "cache write",
                    "cache hits",
                    "cost USD");

    private final Config config;
    private final Surroundings surroundings;

    UsageCommand(Config config, Surroundings surroundings) {
        this.config = config;
        this.surroundings = surroundings;
    }

    /// Prints a table, or with `--json` what `GET /usage` gives.
    ///
    /// @throws CommandException for a wrong `--by` or `--since`, or a ledger that cannot be read
    ExitCode run(Args args) {
        config.configureLog(surroundings.err());
        var by = valid("--by", () -> UsageReport.By.of(args.flag("--by").orElse("day")));
        Instant now = Instant.now();
        Instant since = valid("--since", () -> Since.of(args.flag("--since").orElse("7d"), now));
        try {
            UsageReport report = UsageReport.read(surroundings.usage(), by, since);
            if (args.flag(Args.JSON).isPresent()) printJson(report, since);
            else printTable(report, since);
            return ExitCode.OK;
        } catch (IOException e) {
            String message = "usage: expected a readable ledger in %s, found %s";
            throw new CommandException(ExitCode.FAILED, message.formatted(surroundings.usage(), e));
        }
    }

    private static <T> T valid(String flag, Supplier<T> read) {
        try {
            return read.get();
        } catch (IllegalArgumentException e) {
            throw new CommandException(ExitCode.USAGE, "usage: " + flag + ": " + e.getMessage());
        }
    }

    private void printJson(UsageReport report, Instant since) {
        byte[] json = JsonWriter.bytes(report.shown(since));
        surroundings.out().println(new String(json, StandardCharsets.UTF_8));
    }

    private void printTable(UsageReport report, Instant since) {
        var rows = new ArrayList<List<String>>();
        rows.add(row(report.by().text(), HEAD));
        for (UsageReport.Row row : report.rows())
            rows.add(row(row.name(), cells(row.sums().shown())));
        rows.add(row("total", cells(report.total().shown())));
        int[] widths = new int[HEAD.size() + 1];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++)
                widths[i] = Math.max(widths[i], row.get(i).length());
        }
        surroundings.out().println("since " + since.truncatedTo(ChronoUnit.SECONDS));
        for (List<String> row : rows) surroundings.out().println(line(row, widths));
    }

    private static List<String> row(String name, List<String> cells) {
        var row = new ArrayList<String>();
        // Names come from clients, and this is a terminal.
        row.add(name.replaceAll("\\p{Cntrl}", "?"));
        row.addAll(cells);
        return row;
    }

    private static List<String> cells(Map<String, Object> sums) {
        var cells = new ArrayList<String>();
        sums.forEach((name, value) -> {
            if (value == null) cells.add("-");
            else if (name.equals("cache_hit_share"))
                cells.add(String.format(Locale.ROOT, "%.1f%%", 100 * (Double) value));
            else if (name.equals("cost_usd"))
                cells.add(String.format(Locale.ROOT, "%.4f", (Double) value));
            else cells.add(value.toString());
        });
        return cells;
    }

    /// The name to the left, numbers to the right.
    private static String line(List<String> row, int[] widths) {
        var line = new StringBuilder(row.getFirst());
        line.repeat(' ', widths[0] - row.getFirst().length());
        for (int i = 1; i < widths.length; i++) {
            line.repeat(' ', 2 + widths[i] - row.get(i).length()).append(row.get(i));
        }
        return line.toString();
    }
}

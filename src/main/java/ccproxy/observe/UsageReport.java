package ccproxy.observe;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// The ledger added up: by day, model, session or key. Never more than [#GROUPS_MAX] groups are in
/// memory, and never more than [#ROWS_MAX] are told: the rest, the cheapest, are one row.
public final class UsageReport {
    /// A session that came back after it was folded into the rest counts from there on.
    static final int GROUPS_MAX = 10_000;

    static final int ROWS_MAX = 50;

    /// No model, session or key is called so.
    private static final String NONE = "(none)";

    private static final String REST = "(other)";

    private static final Comparator<Row> DEAREST =
            Comparator.comparingLong((Row row) -> row.sums.costNanos())
                    .thenComparingLong(row -> row.sums.tokens())
                    .thenComparingLong(row -> row.sums.requests())
                    .reversed()
                    .thenComparing(Row::name);

    private final By by;
    private final Map<String, UsageSums> groups = new HashMap<>();
    private final UsageSums rest = new UsageSums();
    private final UsageSums total = new UsageSums();

    /// What to add up by.
    public enum By {
        /// The day (UTC) on which an answer ended.
        DAY,
        /// The model that was asked.
        MODEL,
        /// The session, by its id.
        SESSION,
        /// The client's key, by its name.
        KEY;

        /// {@return the one of a name such as `day`}
        ///
        /// @throws IllegalArgumentException says what was expected
        public static By of(String name) {
            for (By by : values()) if (by.text().equals(name)) return by;
            throw new IllegalArgumentException(
                    "expected day, model, session or key, found '" + name + "'");
        }

        /// {@return its name}
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// One group.
    ///
    /// @param name of the group
    /// @param sums of it
    public record Row(String name, UsageSums sums) {}

    UsageReport(By by) {
        this.by = by;
    }

    /// {@return what was used since a time, from the ledger in a folder}
    ///
    /// @throws IOException when it cannot be read
    public static UsageReport read(Path folder, By by, Instant since) throws IOException {
        var report = new UsageReport(by);
        LedgerReader.read(folder, since, report::add);
        return report;
    }

    void add(LedgerEntry entry) {
        total.add(entry);
        groups.computeIfAbsent(group(entry), _ -> new UsageSums()).add(entry);
        if (groups.size() > GROUPS_MAX) fold();
    }

    private String group(LedgerEntry entry) {
        String name =
                switch (by) {
                    case DAY -> LocalDate.ofInstant(entry.time(), ZoneOffset.UTC).toString();
                    case MODEL -> entry.model();
                    case SESSION -> entry.session();
                    case KEY -> entry.key();
                };
        return name.isEmpty() ? NONE : name;
    }

    /// Makes room: the cheaper half is one from now on.
    private void fold() {
        List<Row> rows = dearest();
        for (Row row : rows.subList(GROUPS_MAX / 2, rows.size())) {
            rest.add(row.sums);
            groups.remove(row.name);
        }
    }

    private List<Row> dearest() {
        var rows = new ArrayList<Row>();
        groups.forEach((name, sums) -> rows.add(new Row(name, sums)));
        rows.sort(DEAREST);
        return rows;
    }

    /// {@return the groups: days in their order, all others by what they cost; the rest last}
    public List<Row> rows() {
        var rows = new ArrayList<Row>();
        if (by == By.DAY) {
            new TreeMap<>(groups).forEach((name, sums) -> rows.add(new Row(name, sums)));
            return rows;
        }
        var others = new UsageSums();
        others.add(rest);
        for (Row row : dearest()) {
            if (rows.size() < ROWS_MAX) rows.add(row);
            else others.add(row.sums);
        }
        if (others.requests() > 0) rows.add(new Row(REST, others));
        return rows;
    }

    /// {@return all of it, for who reads JSON}
    ///
    /// @param since when it begins
    public Map<String, Object> shown(Instant since) {
        var data = new ArrayList<Map<String, Object>>();
        for (Row row : rows()) {
            var group = new LinkedHashMap<String, Object>();
            group.put(by.text(), row.name);
            group.putAll(row.sums.shown());
            data.add(group);
        }
        var shown = new LinkedHashMap<String, Object>();
        shown.put("by", by.text());
        shown.put("since", since.truncatedTo(ChronoUnit.SECONDS).toString());
        shown.put("data", data);
        shown.put("total", total.shown());
        return shown;
    }

    /// {@return how many groups are in memory}
    int groups() {
        return groups.size();
    }

    /// {@return all together}
    public UsageSums total() {
        return total;
    }

    /// {@return what it is added up by}
    public By by() {
        return by;
    }
}

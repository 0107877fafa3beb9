package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Usage;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What ledgers add up to.
class UsageReportTest {
    @TempDir Path folder;

    private static List<String> names(UsageReport report) {
        return report.rows().stream().map(UsageReport.Row::name).toList();
    }

    @Test
    void groupsAddUp() {
        var report = new UsageReport(UsageReport.By.MODEL);
        report.add(new Ended().model("a", false).entry());
        report.add(new Ended().model("a", false).route("/v1/messages", 499).entry());
        report.add(new Ended().model("b", false).cost(9_000_000).entry());
        assertEquals(List.of("b", "a"), names(report));
        assertEquals(
                "{requests=2, errors=1, input_tokens=20, output_tokens=10, cache_read_tokens=60,"
                        + " cache_creation_tokens=120, cache_hit_share=0.3, cost_usd=0.004}",
                report.rows().get(1).sums().shown().toString());
        assertEquals(0.013, report.total().shown().get("cost_usd"));
        assertEquals(3, report.total().requests());
    }

    @Test
    void whatIsNotKnownIsNull() {
        var report = new UsageReport(UsageReport.By.KEY);
        report.add(new Ended().usage(Usage.NONE).unpriced().entry());
        var shown = report.rows().getFirst().sums().shown();
        assertNull(shown.get("cost_usd"));
        assertNull(shown.get("cache_hit_share"));
        assertEquals(List.of("(none)"), names(report));
    }

    @Test
    void daysAreInTheirOrder() {
        var report = new UsageReport(UsageReport.By.DAY);
        report.add(new Ended().at("2026-11-25T00:00:00Z").cost(1).entry());
        report.add(new Ended().at("2026-11-24T23:59:59.999Z").cost(9).entry());
        assertEquals(List.of("2026-11-24", "2026-11-25"), names(report));
    }

    @Test
    void dearestSessionsAreTold() {
        var report = new UsageReport(UsageReport.By.SESSION);
        for (int i = 1; i <= UsageReport.ROWS_MAX; i++)
            report.add(new Ended().session("s" + i).cost(i).entry());
        assertEquals(UsageReport.ROWS_MAX, names(report).size());
        assertEquals("s50", names(report).getFirst());
        report.add(new Ended().session("s51").cost(51).entry());
        report.add(new Ended().session("s52").cost(0).entry());
        assertEquals(UsageReport.ROWS_MAX + 1, names(report).size());
        assertEquals("s51", names(report).getFirst());
        assertEquals("(other)", names(report).getLast());
        assertEquals(2, report.rows().getLast().sums().requests());
    }

    @Test
    void groupsInMemoryAreBoundedAndNothingIsLost() {
        var report = new UsageReport(UsageReport.By.SESSION);
        int sessions = 3 * UsageReport.GROUPS_MAX;
        for (int i = 0; i < sessions; i++)
            report.add(new Ended().session("s" + i).cost(i % 1000).entry());
        report.add(new Ended().session("dear").cost(1_000_000).entry());
        assertTrue(report.groups() <= UsageReport.GROUPS_MAX);
        assertEquals("dear", names(report).getFirst());
        long told = report.rows().stream().mapToLong(row -> row.sums().requests()).sum();
        assertEquals(sessions + 1, told);
    }

    @Test
    void entriesBeforeTheTimeAreLeftOut() throws IOException {
        for (String day : List.of("2026-11-23", "2026-11-24", "2026-11-25")) {
            byte[] line = LedgerEntry.line(new Ended().at(day + "T12:00:00Z").done());
            Files.write(folder.resolve(day + ".jsonl"), line);
        }
        var since = Instant.parse("2026-11-24T12:00:00Z");
        assertEquals(
                List.of("2026-11-24", "2026-11-25"),
                names(UsageReport.read(folder, UsageReport.By.DAY, since)));
        assertEquals(
                List.of("2026-11-25"),
                names(UsageReport.read(folder, UsageReport.By.DAY, since.plusMillis(1))));
    }

    @Test
    void noFolderIsNoUsage() throws IOException {
        Path none = folder.resolve("none");
        assertEquals(List.of(), names(UsageReport.read(none, UsageReport.By.DAY, Instant.EPOCH)));
    }

    /// As many lines as a busy server writes in days: none of them stays in memory.
    @Test
    void manyLinesAreReadAsTheyCome() throws IOException {
        byte[] line = LedgerEntry.line(new Ended().done());
        int lines = 50_000;
        try (var out =
                new BufferedOutputStream(
                        Files.newOutputStream(folder.resolve("2026-11-25.jsonl")), 1 << 16)) {
            for (int i = 0; i < lines; i++) out.write(line);
        }
        var report = UsageReport.read(folder, UsageReport.By.KEY, Instant.EPOCH);
        assertEquals(lines, report.total().requests());
        assertEquals(1, report.groups());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "DAY", "days", "user"})
    void otherGroupsAreRefused(String name) {
        var e = assertThrows(IllegalArgumentException.class, () -> UsageReport.By.of(name));
        assertEquals("expected day, model, session or key, found '" + name + "'", e.getMessage());
    }
}

package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ccproxy.http.Eventually;
import ccproxy.wire.Usage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The ledger on disk: whole lines whatever happens to the disk, and never an exception.
@Timeout(60)
class LedgerTest {
    private static final String DAY = "2026-11-25";

    private final AtomicReference<Instant> now =
            new AtomicReference<>(Instant.parse(DAY + "T12:00:00Z"));
    private final InstantSource clock = now::get;
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final Log.Output before =
            Log.configure(
                    Log.Level.INFO,
                    Log.Format.JSON,
                    new PrintStream(log, true, StandardCharsets.UTF_8));
    @TempDir Path root;

    @AfterEach
    void restore() {
        Log.configure(before);
    }

    private String logged() {
        return log.toString(StandardCharsets.UTF_8);
    }

    private Path folder() {
        return root.resolve("state/usage");
    }

    private Path file() {
        return folder().resolve(DAY + ".jsonl");
    }

    private static byte[] line(String model) {
        return LedgerEntry.line(new Ended().model(model, true).done());
    }

    private static void write(LedgerFile file, String... models) {
        var batch = new ByteArrayOutputStream();
        for (String model : models) batch.writeBytes(line(model));
        file.write(batch.toByteArray(), 0, batch.size());
    }

    private List<String> models(Path folder) throws IOException {
        var models = new ArrayList<String>();
        LedgerReader.read(folder, Instant.EPOCH, entry -> models.add(entry.model()));
        return models;
    }

    @Test
    void whatIsAddedIsReadAgain() throws IOException {
        try (Ledger ledger = Ledger.open(folder(), 1, clock)) {
            ledger.add(new Ended().key("alice").session("s1").done());
            ledger.add(new Ended().model("m", false).route("/v1/messages", 499).unpriced().done());
        }
        var entries = new ArrayList<LedgerEntry>();
        LedgerReader.read(folder(), Instant.EPOCH, entries::add);
        Instant at = Instant.parse(DAY + "T12:00:00Z");
        var usage = new Usage(10, 5, 30, 60, 0);
        assertEquals(
                List.of(
                        new LedgerEntry(
                                at,
                                "alice",
                                "claude-sonnet-5",
                                "s1",
                                200,
                                usage,
                                new Finished.Cost(true, 2_000_000)),
                        new LedgerEntry(at, "", "m", "", 499, usage, Finished.Cost.UNKNOWN)),
                entries);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void filesAreForThisUserOnly() throws IOException {
        write(new LedgerFile(folder(), 1, clock), "a");
        assertEquals(
                "rwx------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())));
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
    }

    @Test
    void lineStaysShortWhateverClientsSend() {
        String long1 = "\u0001\ud83d\ude00".repeat(5000);
        byte[] line =
                LedgerEntry.line(
                        new Ended()
                                .model(long1, false)
                                .session(long1)
                                .key(long1)
                                .route(long1, 200)
                                .done());
        assertTrue(line.length <= LedgerEntry.BYTES_MAX, "" + line.length);
        assertFalse(LedgerEntry.of(line, line.length - 1).model().isEmpty());
    }

    @Test
    void secretInAModelsNameIsMasked() {
        byte[] line = line("sk-ant-api03-abcdefghijklmnop");
        assertFalse(new String(line, StandardCharsets.UTF_8).contains("abcdefgh"));
    }

    @Test
    void eachDayHasItsFileAndOldOnesGo() throws IOException {
        Files.createDirectories(folder());
        for (String name : List.of("2026-11-22.jsonl", "2026-11-23.jsonl", "notes.jsonl", "x.txt"))
            Files.createFile(folder().resolve(name));
        var file = new LedgerFile(folder(), 2, clock);
        write(file, "a");
        assertEquals("[2026-11-23.jsonl, 2026-11-25.jsonl, notes.jsonl, x.txt]", names());
        now.set(Instant.parse("2026-11-26T00:00:00Z"));
        write(file, "b");
        assertEquals("[2026-11-25.jsonl, 2026-11-26.jsonl, notes.jsonl, x.txt]", names());
    }

    @Test
    void oldDaysGoAtStart() throws IOException {
        Files.createDirectories(folder());
        Files.createFile(folder().resolve("2026-11-22.jsonl"));
        try (Ledger ledger = Ledger.open(folder(), 2, clock)) {
            assertTrue(ledger.isKept());
            Eventually.isTrue("removed", () -> names().equals("[]"));
        }
    }

    private String names() throws IOException {
        try (Stream<Path> files = Files.list(folder())) {
            return files.map(file -> file.getFileName().toString()).sorted().toList().toString();
        }
    }

    @Test
    void noDaysIsNoLedger() throws IOException {
        try (Ledger ledger = Ledger.open(folder(), 0, clock)) {
            ledger.add(new Ended().done());
            assertEquals(Map.of(), ledger.tokensToday());
        }
        assertFalse(Files.exists(folder()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"time\":\"2026-11-25T1", "{", "garbage"})
    void lineThatACrashCutShortIsSkippedAndTheNextOneIsWhole(String torn) throws IOException {
        var file = new LedgerFile(folder(), 1, clock);
        write(file, "a");
        Files.writeString(file(), torn, StandardOpenOption.APPEND);
        assertEquals(List.of("a"), models(folder()));
        write(file, "b", "c");
        assertEquals(List.of("a", "b", "c"), models(folder()));
        assertEquals(4, Files.readAllLines(file()).size());
    }

    @Test
    void lineWithoutItsEndIsReadWhenItIsWhole() throws IOException {
        Files.createDirectories(folder());
        Files.write(file(), new String(line("a"), StandardCharsets.UTF_8).strip().getBytes());
        assertEquals(List.of("a"), models(folder()));
    }

    @Test
    void linesThatAreTooLongOrNotOursAreSkipped() throws IOException {
        Files.createDirectories(folder());
        String good = new String(line("a"), StandardCharsets.UTF_8);
        String full =
                good.strip()
                        .replace(
                                "\"key\":\"\"",
                                "\"key\":\""
                                        + "k".repeat(LedgerEntry.BYTES_MAX - good.length() + 1)
                                        + "\"");
        assertEquals(LedgerEntry.BYTES_MAX, full.length());
        String over = full.replace("\"key\":\"", "\"key\":\"k");
        Files.writeString(
                file(),
                good
                        + "x".repeat(200_000)
                        + "\n"
                        + full
                        + "\n"
                        + over
                        + "\n\n[]\n{\"time\":\"now\"}\n"
                        + good);
        assertEquals(List.of("a", "a", "a"), models(folder()));
    }

    @Test
    void folderThatCannotBeWrittenIsSaidOnceAndSoIsItsReturn() throws IOException {
        Path inTheWay = root.resolve("state");
        Files.createFile(inTheWay);
        var file = new LedgerFile(folder(), 1, clock);
        write(file, "a", "b");
        write(file, "c");
        assertEquals(3, file.lost());
        assertEquals(1, logged().split("usage ledger cannot be written", -1).length - 1, logged());
        Files.delete(inTheWay);
        write(file, "d");
        write(file, "e");
        assertEquals(List.of("d", "e"), models(folder()));
        assertEquals(1, logged().split("usage ledger is written again", -1).length - 1, logged());
        assertTrue(logged().contains("\"lines_lost\":3"), logged());
    }

    @Test
    void folderThatWasRemovedIsMadeAgain() throws IOException {
        var file = new LedgerFile(folder(), 1, clock);
        write(file, "a");
        Files.delete(file());
        Files.delete(folder());
        write(file, "b");
        assertEquals(List.of("b"), models(folder()));
    }

    @Test
    void dayIsBounded() throws IOException {
        int length = line("a").length;
        var file = new LedgerFile(folder(), 1, clock, 2L * length);
        write(file, "a");
        write(file, "b");
        write(file, "c");
        assertEquals(List.of("a", "b"), models(folder()));
        assertEquals(1, file.lost());
        now.set(Instant.parse("2026-11-26T00:00:00Z"));
        write(file, "d");
        assertEquals(List.of("a", "b", "d"), models(folder()));
    }

    /// A real full disk, where one can be had.
    @Test
    @EnabledOnOs(OS.LINUX)
    void fullDiskLosesLinesAndNoMore() throws Exception {
        Files.createDirectories(folder());
        String mounted = folder().toString();
        assumeTrue(isRun("mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", mounted), "no mount");
        try {
            var file = new LedgerFile(folder(), 1, clock);
            // Two pages of four lines and a bit: the line in which the disk is full is cut.
            for (int i = 0; i < 40; i++) write(file, "m" + i);
            assertTrue(file.lost() > 0 && file.lost() < 40, "lost " + file.lost());
            int kept = models(folder()).size();
            assertEquals(40, kept + file.lost());
            assertEquals(1, logged().split("cannot be written", -1).length - 1, logged());
            assertTrue(isRun("mount", "-o", "remount,size=1m", mounted));
            write(file, "again");
            assertEquals(kept + 1, models(folder()).size());
            assertEquals("again", models(folder()).getLast());
            assertEquals(1, logged().split("written again", -1).length - 1, logged());
        } finally {
            isRun("umount", mounted);
        }
    }

    /// A disk that does not answer: here a pipe that nobody reads stands in for it.
    @Test
    @EnabledOnOs(OS.LINUX)
    void diskThatHangsMakesNobodyWait() throws Exception {
        Files.createDirectories(folder());
        assumeTrue(isRun("mkfifo", file().toString()), "no mkfifo");
        try (Ledger ledger = Ledger.open(folder(), 1, clock)) {
            Finished done = new Ended().done();
            int length = LedgerEntry.line(done).length;
            int more = LineQueue.BYTES_MAX / length;
            // Twice as much as can wait, and what the writer holds.
            for (int i = 0; i < 3 * more; i++) ledger.add(done);
            var out = new MetricsText();
            ledger.write(out);
            double dropped =
                    new ParsedMetrics(new String(out.bytes(), StandardCharsets.UTF_8))
                            .value("ccproxy_usage_lines_lost_total{reason=\"queue_full\"}");
            assertTrue(dropped >= more - 1 && dropped <= 2 * more + 1, dropped + " of " + more);
            assertEquals(1, logged().split("lines are dropped", -1).length - 1, logged());
            // The pipe gives way and has its other end for a moment: what hung goes on.
            String pipe = folder().resolve("pipe").toString();
            assertTrue(isRun("sh", "-c", "mv " + file() + " " + pipe + " && : > " + pipe));
            Eventually.isTrue(
                    "again",
                    () -> {
                        ledger.add(done);
                        return logged().contains("keeps up again");
                    });
        }
    }

    private static boolean isRun(String... command) throws Exception {
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
        } catch (IOException _) {
            return false;
        }
    }

    @Test
    void twoServersAppendWholeLinesToOneFile() throws Exception {
        var writers = new ArrayList<Thread>();
        for (String name : List.of("a", "b")) {
            var file = new LedgerFile(folder(), 1, clock);
            writers.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int i = 0; i < 50; i++) {
                                    var batch = new String[1 + i % 300];
                                    java.util.Arrays.fill(batch, name + i);
                                    write(file, batch);
                                }
                            }));
        }
        for (Thread writer : writers) writer.join();
        assertEquals(2 * 50 * 51 / 2, models(folder()).size());
        assertEquals(100, new HashSet<>(models(folder())).size());
        assertEquals("", logged());
    }

    @Test
    void batchOfManyLinesIsWrittenInPiecesOfWholeLines() throws IOException {
        var models = new String[1000];
        for (int i = 0; i < models.length; i++) models[i] = "m" + i;
        write(new LedgerFile(folder(), 1, clock), models);
        assertEquals(List.of(models), models(folder()));
    }

    @Test
    void tokensOfTodayAreCountedByKey() throws IOException {
        try (Ledger ledger = Ledger.open(folder(), 2, clock)) {
            ledger.add(new Ended().at("2026-11-24T23:59:59Z").key("alice").done());
            ledger.add(new Ended().key("alice").done());
            ledger.add(new Ended().key("alice").usage(new Usage(1, 2, 0, 0, 0)).done());
            ledger.add(new Ended().done());
        }
        try (Ledger next = Ledger.open(folder(), 2, clock)) {
            assertEquals(Map.of("alice", 78L, "", 75L), next.tokensToday());
        }
    }
}

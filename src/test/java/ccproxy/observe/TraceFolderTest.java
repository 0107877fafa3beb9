package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceFolderTest {
    private static final int LARGE = 1 << 30;

    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final Log.Output before =
            Log.configure(
                    Log.Level.WARN,
                    Log.Format.TEXT,
                    new PrintStream(log, true, StandardCharsets.UTF_8));

    @TempDir Path temporary;

    @AfterEach
    void restore() {
        Log.configure(before);
    }

    private TraceFolder open(Path folder, int requests, long bytes, long requestBytes) {
        var limits = new TraceFolder.Limits(requests, bytes, requestBytes);
        return TraceFolder.open(folder, limits, Map.of("version", "1"), List.of("hunter2hunter2"));
    }

    private Path folder() {
        return temporary.resolve("traces");
    }

    private static Trace begun(TraceFolder traces, String id, String... headers) {
        var all = new TreeMap<String, List<String>>();
        for (int i = 0; i < headers.length; i += 2) all.put(headers[i], List.of(headers[i + 1]));
        Trace trace = traces.next(id);
        trace.begin(new Trace.Request("POST", "/v1/messages", "", all));
        return trace;
    }

    private static void write(TraceFolder traces, String id, int bytes) {
        Trace trace = begun(traces, id);
        trace.requestBody(new byte[bytes]);
        trace.end(200, "whole", "");
    }

    private List<String> ids() throws IOException {
        try (Stream<Path> all = Files.list(folder())) {
            return all.map(p -> p.getFileName().toString().replaceFirst("^[^-]*-", ""))
                    .sorted()
                    .toList();
        }
    }

    private String file(String id, String name) throws IOException {
        try (Stream<Path> all = Files.list(folder())) {
            Path trace = all.filter(p -> p.toString().endsWith(id)).findFirst().orElseThrow();
            return Files.readString(trace.resolve(name));
        }
    }

    private long size() throws IOException {
        try (Stream<Path> all = Files.walk(folder())) {
            return all.filter(Files::isRegularFile).mapToLong(p -> p.toFile().length()).sum();
        }
    }

    @Test
    void oldestMakesRoomWhenThereAreTooMany() throws IOException {
        TraceFolder traces = open(folder(), 3, LARGE, LARGE);
        write(traces, "request1", 1);
        write(traces, "request2", 1);
        assertEquals(List.of("request1", "request2"), ids());
        write(traces, "request3", 1);
        assertEquals(List.of("request1", "request2", "request3"), ids());
        write(traces, "request4", 1);
        assertEquals(List.of("request2", "request3", "request4"), ids());
    }

    @Test
    void oldestMakeRoomWhenTheyAreTooLarge() throws IOException {
        TraceFolder traces = open(folder(), 100, 30_000, LARGE);
        write(traces, "request1", 9_000);
        write(traces, "request2", 9_000);
        write(traces, "request3", 9_000);
        assertEquals(List.of("request1", "request2", "request3"), ids());
        write(traces, "request4", 15_000);
        assertEquals(List.of("request3", "request4"), ids());
        assertTrue(size() <= 30_000, "" + size());
    }

    @Test
    void whatIsBeingWrittenIsNotRemovedButCut() throws IOException {
        TraceFolder traces = open(folder(), 100, 30_000, LARGE);
        Trace one = begun(traces, "request1");
        one.requestBody(new byte[20_000]);
        Trace two = begun(traces, "request2");
        two.requestBody(new byte[20_000]);
        two.end(200, "whole", "");
        one.end(200, "whole", "");
        assertTrue(file("request2", "end.json").contains("request-body.json"));
        assertEquals(20_000, file("request1", "request-body.json").length());
        assertTrue(size() <= 30_000, "" + size());
    }

    @Test
    void noMoreAreWrittenAtOnceThanThereMayBe() throws IOException {
        TraceFolder traces = open(folder(), 1, LARGE, LARGE);
        Trace one = begun(traces, "request1");
        Trace two = begun(traces, "request2");
        two.end(200, "whole", "");
        one.end(200, "whole", "");
        assertEquals(List.of("request1"), ids());
        write(traces, "request3", 1);
        assertEquals(List.of("request3"), ids());
    }

    @Test
    void limitsHoldForWhatAnEarlierServerLeft() throws IOException {
        TraceFolder traces = open(folder(), 10, LARGE, LARGE);
        for (int i = 1; i <= 5; i++) write(traces, "request" + i, 10);
        Files.createDirectory(folder().resolve("notes-of-my-own"));
        Files.writeString(folder().resolve("file-of-my-own"), "x");
        write(open(folder(), 3, LARGE, LARGE), "request6", 10);
        assertEquals(List.of("of-my-own", "of-my-own", "request4", "request5", "request6"), ids());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1})
    void whatIsBeyondTheLimitOfARequestIsLeftOut(int beyond) throws IOException {
        int limit = 20_000;
        Trace trace = begun(open(folder(), 10, LARGE, limit), "request1");
        int room = limit - FolderTrace.RESERVED_BYTES - file("request1", "request.json").length();
        trace.requestBody(new byte[room + beyond]);
        trace.end(200, "whole", "");
        String end = file("request1", "end.json");
        assertEquals(beyond > 0, end.contains("\"cut\":[\"request-body.json\"]"), end);
        assertTrue(size() <= limit, "" + size());
    }

    @Test
    void nothingFollowsACut() throws IOException {
        TraceFolder traces = open(folder(), 10, LARGE, 8192);
        Trace trace = begun(traces, "request1");
        trace.upstream("\"raw\":\"" + "a".repeat(8192) + "\"");
        trace.upstream("\"raw\":\"b\"");
        trace.response("\"raw\":\"c\"");
        trace.end(200, "whole", "");
        assertTrue(file("request1", "upstream.jsonl").matches("\\{\"ms\":[0-9.]+,\"cut\":true}\n"));
        assertTrue(file("request1", "response.jsonl").contains("\"c\""));
        assertTrue(file("request1", "end.json").contains("\"cut\":[\"upstream.jsonl\"]"));
        assertTrue(size() <= 8192);
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void filesAreForThisUserOnly() throws IOException {
        write(open(folder(), 10, LARGE, LARGE), "request1", 1);
        try (Stream<Path> all = Files.walk(folder())) {
            for (Path path : all.toList()) {
                String expected = Files.isDirectory(path) ? "rwx------" : "rw-------";
                var found = PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
                assertEquals(expected, found, path.toString());
            }
        }
    }

    @Test
    void folderThatCannotBeWrittenIsOneWarning() throws IOException {
        Files.writeString(folder(), "a file");
        TraceFolder traces = open(folder(), 10, LARGE, LARGE);
        write(traces, "request1", 1);
        write(traces, "request2", 1);
        assertEquals(1, count("trace not written"), log.toString(StandardCharsets.UTF_8));
    }

    @Test
    void folderThatVanishesIsOneWarningAndTheNextIsWritten() throws IOException {
        TraceFolder traces = open(folder(), 10, LARGE, LARGE);
        Trace trace = begun(traces, "request1");
        try (Stream<Path> all = Files.walk(folder())) {
            for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                if (!path.equals(folder())) Files.delete(path);
            }
        }
        trace.requestBody(new byte[10]);
        trace.response("\"raw\":\"c\"");
        trace.end(200, "whole", "");
        assertEquals(1, count("trace not written"));
        write(traces, "request2", 1);
        assertEquals(List.of("request2"), ids());
        assertEquals(1, count("trace not written"));
    }

    @Test
    void requestsOfOneNameAreApart() throws IOException {
        TraceFolder traces = open(folder(), 100, LARGE, LARGE);
        for (int i = 0; i < 20; i++) write(traces, "request1", 1);
        assertEquals(20, ids().size());
    }

    @Test
    void openingSaysThatBodiesAreWritten() {
        open(folder(), 10, LARGE, LARGE);
        assertEquals(1, count("all that is said in them"));
    }

    private long count(String text) {
        return log.toString(StandardCharsets.UTF_8).lines().filter(l -> l.contains(text)).count();
    }
}

package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ccproxy.observe.UsageReport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The ledger of the program itself: where it is, and that its last lines are written.
@Timeout(60)
class LedgerProcessTest {
    @TempDir Path folder;

    private long requests() throws IOException {
        Path usage = folder.resolve(".local/state/ccproxy/usage");
        return UsageReport.read(usage, UsageReport.By.DAY, Instant.EPOCH).total().requests();
    }

    @Test
    void lastRequestsAreWrittenDownBeforeTheProgramEnds() throws Exception {
        try (var program = new Program(folder, List.of(), "--backend", "echo")) {
            for (int i = 0; i < 5; i++) {
                try (RawClient client = program.raw()) {
                    client.post(Api.CHAT.path, Api.CHAT.body("hi"));
                    assertEquals(200, client.answer().status());
                }
            }
            assertEquals(0, program.stop());
        }
        assertEquals(5, requests());
        try (var next =
                new Program(folder, List.of(), "--backend", "echo", "--usage-keep-days", "0")) {
            try (RawClient client = next.raw()) {
                client.post(Api.CHAT.path, Api.CHAT.body("hi"));
                assertEquals(200, client.answer().status());
            }
            assertEquals(0, next.stop());
        }
        assertEquals(5, requests());
    }
}

package ccproxy.observe;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Reads a ledger line by line; never more than a line is in memory. A line that is none, as a
/// crash leaves it, is skipped. For one thread.
final class LedgerReader {
    private final Instant since;
    private final Consumer<LedgerEntry> reader;
    private final byte[] piece = new byte[64 << 10];
    private final byte[] line = new byte[LedgerEntry.BYTES_MAX];
    private int length;

    private LedgerReader(Instant since, Consumer<LedgerEntry> reader) {
        this.since = since;
        this.reader = reader;
    }

    /// Gives every entry since a time to `reader`, file by file.
    ///
    /// @throws IOException when a file cannot be read; a folder that is not there is an empty
    ///   ledger
    static void read(Path folder, Instant since, Consumer<LedgerEntry> reader) throws IOException {
        var entries = new LedgerReader(since, reader);
        for (Path file : files(folder, since)) entries.read(file);
    }

    private static List<Path> files(Path folder, Instant since) throws IOException {
        LocalDate first = LocalDate.ofInstant(since, ZoneOffset.UTC);
        var files = new ArrayList<Path>();
        try (DirectoryStream<Path> all =
                Files.newDirectoryStream(folder, "*" + LedgerFile.SUFFIX)) {
            for (Path file : all) {
                LocalDate day = LedgerFile.day(file);
                if (!day.isBefore(first) && !day.equals(LocalDate.MAX)) files.add(file);
            }
        } catch (NoSuchFileException _) {
            return List.of();
        }
        files.sort(null);
        return files;
    }

    private void read(Path file) throws IOException {
        length = 0;
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(piece); count >= 0; count = in.read(piece)) add(count);
        } catch (NoSuchFileException _) {
            // Its time came just now.
        }
        // What has no end yet may be whole all the same.
        end();
    }

    private void add(int count) {
        int from = 0;
        for (int at = 0; at < count; at++) {
            if (piece[at] != '\n') continue;
            keep(from, at);
            end();
            from = at + 1;
        }
        keep(from, count);
    }

    private void keep(int from, int to) {
        int room = line.length - Math.min(length, line.length);
        System.arraycopy(piece, from, line, line.length - room, Math.min(room, to - from));
        length += to - from;
    }

    private void end() {
        int ended = length;
        length = 0;
        if (ended == 0 || ended > line.length) return;
        try {
            LedgerEntry entry = LedgerEntry.of(line, ended);
            if (!entry.time().isBefore(since)) reader.accept(entry);
        } catch (IllegalArgumentException _) {
            // Cut short, or not ours.
        }
    }
}

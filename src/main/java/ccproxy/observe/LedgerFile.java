package ccproxy.observe;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.LongAdder;

/// The ledger's file of the day, `YYYY-MM-DD.jsonl` (UTC), for this user only; opened anew for each
/// batch of lines, so that a folder that went away or a disk that was full is no lasting harm.
/// Other servers may append to the same file: every write is one of whole lines. Nothing is thrown:
/// what cannot be written is lost and counted, and said once. For one thread, but for [#lost()].
final class LedgerFile extends OutputStream {
    static final String SUFFIX = ".jsonl";

    /// Some three million lines a day: more is a fault, and a full disk is worse than a short
    /// ledger.
    static final long DAY_BYTES_MAX = 1L << 30;

    /// A write of so much is one call for the system; the JDK keeps a buffer of the largest.
    private static final int WRITE_BYTES_MAX = 64 << 10;

    private final Path folder;
    private final int keepDays;
    private final InstantSource clock;
    private final long dayBytesMax;
    private final LongAdder lost = new LongAdder();
    private volatile LocalDate pruned = LocalDate.MIN;
    private boolean isFailing;

    LedgerFile(Path folder, int keepDays, InstantSource clock) {
        this(folder, keepDays, clock, DAY_BYTES_MAX);
    }

    LedgerFile(Path folder, int keepDays, InstantSource clock, long dayBytesMax) {
        this.folder = folder;
        this.keepDays = keepDays;
        this.clock = clock;
        this.dayBytesMax = dayBytesMax;
    }

    /// {@return lines that could not be written}
    long lost() {
        return lost.sum();
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    /// Appends whole lines.
    @Override
    public void write(byte[] bytes, int offset, int length) {
        var lines = ByteBuffer.wrap(bytes, offset, length);
        try {
            append(lines);
            if (isFailing)
                Log.info("usage ledger is written again").with("lines_lost", lost()).write();
            isFailing = false;
        } catch (IOException | RuntimeException e) {
            lost.add(count(lines));
            if (!isFailing)
                Log.warn("usage ledger cannot be written")
                        .with("folder", folder.toString())
                        .with(e)
                        .write();
            isFailing = true;
        }
    }

    private static int count(ByteBuffer lines) {
        int count = 0;
        while (lines.hasRemaining()) if (lines.get() == '\n') count++;
        return count;
    }

    private void append(ByteBuffer lines) throws IOException {
        LocalDate today = today();
        UserFiles.openFolder(folder);
        if (!today.equals(pruned)) prune(today);
        Path file = folder.resolve(today + SUFFIX);
        boolean isTorn = isTorn(file);
        try (FileChannel out = UserFiles.append(file)) {
            if (out.size() + lines.remaining() > dayBytesMax)
                throw new IOException("a day's file may have " + dayBytesMax + " bytes");
            write(out, lines, isTorn);
        }
    }

    private static void write(FileChannel out, ByteBuffer lines, boolean isTorn)
            throws IOException {
        int end = lines.limit();
        boolean isCut = isTorn;
        try {
            while (lines.hasRemaining()) {
                lines.limit(wholeLines(lines, end));
                writeOnce(out, lines, isCut);
                lines.limit(end);
                isCut = false;
            }
        } finally {
            lines.limit(end);
        }
    }

    /// What a crash or a full disk cut short ends where the next line begins.
    private static void writeOnce(FileChannel out, ByteBuffer lines, boolean isCut)
            throws IOException {
        ByteBuffer whole = lines.duplicate();
        if (isCut) {
            whole = ByteBuffer.allocate(lines.remaining() + 1).put((byte) '\n');
            whole.put(lines.duplicate()).flip();
        }
        try {
            while (whole.hasRemaining()) out.write(whole);
        } finally {
            // A full disk may have taken a part of it.
            lines.position(lines.limit() - Math.min(whole.remaining(), lines.remaining()));
        }
    }

    /// {@return where the last line ends that is within one write}
    private static int wholeLines(ByteBuffer lines, int end) {
        int at = Math.min(end, lines.position() + WRITE_BYTES_MAX);
        if (at == end) return end;
        while (at > lines.position() && lines.get(at - 1) != '\n') at--;
        return at == lines.position() ? end : at;
    }

    private static boolean isTorn(Path file) throws IOException {
        try (FileChannel in = FileChannel.open(file)) {
            if (in.size() == 0) return false;
            var last = ByteBuffer.allocate(1);
            in.read(last, in.size() - 1);
            return last.get(0) != '\n';
        } catch (NoSuchFileException _) {
            return false;
        }
    }

    private LocalDate today() {
        return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    }

    /// Removes the files of days that are over for long; called at start, and when a day begins.
    void prune() {
        prune(today());
    }

    private synchronized void prune(LocalDate today) {
        pruned = today;
        LocalDate oldest = today.minusDays(keepDays);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            for (Path file : files) {
                if (day(file).isBefore(oldest)) Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException _) {
            // Nothing was ever written.
        } catch (IOException | RuntimeException e) {
            Log.warn("old usage files cannot be removed").with(e).write();
        }
    }

    /// {@return the day of a file, far in the future for one that is not ours}
    static LocalDate day(Path file) {
        String name = file.getFileName().toString();
        try {
            // A formatter would cost a start 10 ms.
            LocalDate day =
                    LocalDate.of(
                            Integer.parseInt(name, 0, 4, 10),
                            Integer.parseInt(name, 5, 7, 10),
                            Integer.parseInt(name, 8, 10, 10));
            return name.equals(day + SUFFIX) ? day : LocalDate.MAX;
        } catch (DateTimeException | IllegalArgumentException | IndexOutOfBoundsException _) {
            return LocalDate.MAX;
        }
    }
}

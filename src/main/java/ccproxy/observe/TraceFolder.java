package ccproxy.observe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Where traces are: a folder with a folder for each request, for this user only, bounded in number
/// and bytes: the oldest make room for the newest. What else lies there is left alone. What cannot
/// be written costs a warning and never a request. For any number of threads.
public final class TraceFolder {
    /// Of the format of a trace. A reader refuses another one.
    public static final int VERSION = 1;

    /// `20260102T030405.678Z-req_…`: in the order of time. A number follows for another request of
    /// the same name in the same millisecond.
    static final Pattern NAME =
            Pattern.compile("[0-9]{8}T[0-9]{6}\\.[0-9]{3}Z-[A-Za-z0-9._-]{8,64}(?:~[0-9])?");

    /// Requests of one name in one millisecond: more are no accident.
    private static final int NAMESAKES_MAX = 9;

    private final Path folder;
    private final Limits limits;
    private volatile Map<String, Object> about;
    private volatile TraceMask mask;
    private final TreeMap<String, Long> ended = new TreeMap<>();
    private final Set<String> running = new HashSet<>();
    private long bytes;
    private boolean isFailing;

    /// How much there may be.
    ///
    /// @param requestsMax folders
    /// @param bytesMax in all
    /// @param requestBytesMax of one request; what comes after is left out
    public record Limits(int requestsMax, long bytesMax, long requestBytesMax) {}

    private TraceFolder(
            Path folder, Limits limits, Map<String, Object> about, List<String> secrets) {
        this.folder = folder;
        this.limits = limits;
        follow(about, secrets);
    }

    /// Writes traces that begin from now on as another configuration has it.
    ///
    /// @param about as in [#open]
    /// @param secrets as in [#open]
    public void follow(Map<String, Object> about, List<String> secrets) {
        this.about = Map.copyOf(about);
        this.mask = new TraceMask(secrets);
    }

    /// {@return whether a folder of this name is a trace}
    public static boolean isTrace(String name) {
        return NAME.matcher(name).matches();
    }

    /// {@return the folder, made if need be; warns that it is in use}
    ///
    /// @param about what stands in each trace beside the request: version, settings
    /// @param secrets masked wherever they stand
    public static TraceFolder open(
            Path folder, Limits limits, Map<String, Object> about, List<String> secrets) {
        var opened = new TraceFolder(folder, limits, about, secrets);
        Log.warn("requests and answers are written to trace.dir, with all that is said in them")
                .with("trace_dir", folder.toString())
                .write();
        opened.takeOver();
        return opened;
    }

    /// Takes over what a server before this one left.
    private synchronized void takeOver() {
        try {
            UserFiles.openFolder(folder);
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
                for (Path entry : entries) {
                    String name = entry.getFileName().toString();
                    boolean isOurs =
                            NAME.matcher(name).matches()
                                    && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS);
                    if (isOurs) keep(name, size(entry));
                }
            }
            while (isFull(0, 0) && forgetOldest()) {}
        } catch (IOException | UncheckedIOException e) {
            failed(e);
        }
    }

    private static long size(Path trace) throws IOException {
        long size = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(trace)) {
            for (Path file : files) size += Files.size(file);
        }
        return size;
    }

    private void keep(String name, long size) {
        ended.put(name, size);
        bytes += size;
    }

    private boolean isFull(int more, long moreBytes) {
        return ended.size() + running.size() + more > limits.requestsMax
                || bytes + moreBytes > limits.bytesMax;
    }

    /// Removes the oldest trace that is not being written.
    ///
    /// @return whether there was one
    private boolean forgetOldest() throws IOException {
        Map.Entry<String, Long> oldest = ended.pollFirstEntry();
        if (oldest == null) return false;
        bytes -= oldest.getValue();
        Path trace = folder.resolve(oldest.getKey());
        try (DirectoryStream<Path> files = Files.newDirectoryStream(trace)) {
            for (Path file : files) Files.deleteIfExists(file);
            Files.deleteIfExists(trace);
        } catch (NoSuchFileException _) {
            // Somebody else removed it.
        }
        return true;
    }

    /// {@return the trace of a request, which has not begun}
    public Trace next(String requestId) {
        return new FolderTrace(this, requestId);
    }

    Map<String, Object> about() {
        return about;
    }

    TraceMask mask() {
        return mask;
    }

    long requestBytesMax() {
        return limits.requestBytesMax;
    }

    /// {@return the new folder of a trace}
    ///
    /// @param name in the form of [#NAME]
    /// @throws IOException also when as many traces are being written as there may be
    synchronized Path begin(String name) throws IOException {
        while (isFull(1, 0) && forgetOldest()) {}
        if (isFull(1, 0)) throw new IOException("trace.max_requests requests are under way");
        for (int i = 1; ; i++) {
            String free = i == 1 ? name : name + "~" + i;
            Path trace = folder.resolve(free);
            if (i < NAMESAKES_MAX && Files.exists(trace, LinkOption.NOFOLLOW_LINKS)) continue;
            UserFiles.newFolder(trace);
            running.add(free);
            return trace;
        }
    }

    /// {@return whether a trace may write so many bytes; older ones make room for them}
    synchronized boolean mayWrite(int count) throws IOException {
        while (isFull(0, count) && forgetOldest()) {}
        if (isFull(0, count)) return false;
        bytes += count;
        return true;
    }

    /// Notes that a trace is over: it may be removed.
    ///
    /// @param isFailed whether something of it could not be written
    synchronized void end(Path trace, long size, boolean isFailed) {
        String name = trace.getFileName().toString();
        if (running.remove(name)) ended.put(name, size);
        if (!isFailed) isFailing = false;
    }

    /// Warns that a trace could not be written: the first of many.
    synchronized void failed(Exception problem) {
        if (isFailing) return;
        isFailing = true;
        Log.warn("trace not written").with("trace_dir", folder.toString()).with(problem).write();
    }
}

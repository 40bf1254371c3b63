// SPDX-License-Identifier: MIT
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Java's ThreadPoolExecutor as a measuring program; the protocol is measure.c's.  A measure
 * is run for a while before it is first asked for, so that its code is compiled.
 */
public final class Bench {
	private static int workers;
	private static ExecutorService pool;
	private static final Callable<Object> NOTHING = () -> null;

	private interface Measure {
		double run(int count) throws Exception;
	}

	/** Holds every worker, so that what is submitted next stays pending. */
	private static final class Gate implements Runnable {
		private final CountDownLatch inside = new CountDownLatch(workers);
		private final CountDownLatch opened = new CountDownLatch(1);

		Gate(ExecutorService pool) throws InterruptedException {
			for (int i = 0; i < workers; i++)
				pool.execute(this);
			inside.await();
		}

		@Override
		public void run() {
			inside.countDown();
			for (;;) {
				try {
					opened.await();
					return;
				} catch (InterruptedException e) {
					// shutdownNow: stay until the gate is open
				}
			}
		}

		void open() {
			opened.countDown();
		}
	}

	private static ExecutorService newPool() {
		return Executors.newFixedThreadPool(workers);
	}

	private static double since(long start, int count) {
		return (double) (System.nanoTime() - start) / count;
	}

	private static double post(int count) throws Exception {
		long start = System.nanoTime();
		CountDownLatch left = new CountDownLatch(count);
		for (int i = 0; i < count; i++)
			pool.execute(left::countDown);
		left.await();
		return since(start, count);
	}

	private static List<Future<Object>> submitMany(int count) {
		List<Future<Object>> futures = new ArrayList<>(count);
		for (int i = 0; i < count; i++)
			futures.add(pool.submit(NOTHING));
		return futures;
	}

	private static void submitAndTake(int count) {
		try {
			for (Future<Object> f : submitMany(count))
				f.get();
		} catch (Exception e) {
			throw new IllegalStateException(e);
		}
	}

	private static double fut(int count) {
		long start = System.nanoTime();
		submitAndTake(count);
		return since(start, count);
	}

	private static double fanFut(int count) throws Exception {
		Thread one = new Thread(() -> submitAndTake(count / 2));
		Thread two = new Thread(() -> submitAndTake(count / 2));
		long start = System.nanoTime();
		one.start();
		two.start();
		one.join();
		two.join();
		return since(start, count);
	}

	private static double rtt(int count) throws Exception {
		long[] took = new long[count];
		for (int i = 0; i < count; i++) {
			long start = System.nanoTime();
			pool.submit(NOTHING).get();
			took[i] = System.nanoTime() - start;
		}
		Arrays.sort(took);
		return took[count / 2];
	}

	private static long used() throws InterruptedException {
		for (int i = 0; i < 3; i++) {
			System.gc();
			Thread.sleep(20);
		}
		return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
	}

	private static double bytes(int count) throws Exception {
		Gate gate = new Gate(pool);
		Object[] futures = new Object[count];
		long before = used();
		for (int i = 0; i < count; i++)
			futures[i] = pool.submit(NOTHING);
		long after = used();
		gate.open();
		((Future<?>) futures[count - 1]).get();
		return (double) (after - before) / count;
	}

	private static double cancel(int count) throws Exception {
		Gate gate = new Gate(pool);
		List<Future<Object>> futures = submitMany(count);
		long start = System.nanoTime();
		for (Future<Object> f : futures)
			f.cancel(false);
		double took = since(start, count);
		gate.open();
		return took;
	}

	private static List<CompletableFuture<Object>> supplyMany(int count) {
		List<CompletableFuture<Object>> futures = new ArrayList<>(count);
		for (int i = 0; i < count; i++)
			futures.add(CompletableFuture.supplyAsync(() -> null, pool));
		return futures;
	}

	private static double callback(int count) throws Exception {
		Gate gate = new Gate(pool);
		List<CompletableFuture<Object>> futures = supplyMany(count);
		CountDownLatch left = new CountDownLatch(count);
		long start = System.nanoTime();
		for (CompletableFuture<Object> f : futures)
			f.whenComplete((value, exception) -> left.countDown());
		gate.open();
		left.await();
		return since(start, count);
	}

	private static double waitAll(int count) throws Exception {
		Gate gate = new Gate(pool);
		List<CompletableFuture<Object>> futures = supplyMany(count);
		long start = System.nanoTime();
		gate.open();
		CompletableFuture.allOf(futures.toArray(new CompletableFuture<?>[0])).get();
		return since(start, count);
	}

	private static double map(int count) throws Exception {
		List<Callable<Object>> calls = Collections.nCopies(count, NOTHING);
		long start = System.nanoTime();
		for (Future<Object> f : pool.invokeAll(calls))
			f.get();
		return since(start, count);
	}

	private static void end(ExecutorService ended) throws InterruptedException {
		ended.shutdown();
		ended.awaitTermination(1, TimeUnit.MINUTES);
	}

	private static double drain(int count) throws Exception {
		ExecutorService queued = newPool();
		Gate gate = new Gate(queued);
		for (int i = 0; i < count; i++)
			queued.submit(NOTHING);
		long start = System.nanoTime();
		gate.open();
		end(queued);
		return since(start, count);
	}

	private static double drop(int count) throws Exception {
		ExecutorService queued = newPool();
		Gate gate = new Gate(queued);
		for (int i = 0; i < count; i++)
			queued.submit(NOTHING);
		long start = System.nanoTime();
		queued.shutdownNow();
		gate.open();
		end(queued);
		return since(start, count);
	}

	private static double poolLife(int count) throws Exception {
		long start = System.nanoTime();
		for (int i = 0; i < count; i++)
			end(newPool());
		return since(start, count) / 1e3;
	}

	private static double poolOne(int count) throws Exception {
		long start = System.nanoTime();
		for (int i = 0; i < count; i++) {
			ExecutorService one = newPool();
			one.submit(NOTHING).get();
			end(one);
		}
		return since(start, count) / 1e3;
	}

	private static Measure find(String name) {
		switch (name) {
		case "post": return Bench::post;
		case "fut": return Bench::fut;
		case "fan_fut": return Bench::fanFut;
		case "rtt": return Bench::rtt;
		case "bytes": return Bench::bytes;
		case "cancel": return Bench::cancel;
		case "callback": return Bench::callback;
		case "wait": return Bench::waitAll;
		case "map": return Bench::map;
		case "drain": return Bench::drain;
		case "drop": return Bench::drop;
		case "pool": return Bench::poolLife;
		case "pool_one": return Bench::poolOne;
		default: return null;
		}
	}

	private static void warm(Measure measure, int count) throws Exception {
		long until = System.nanoTime() + 250_000_000L;
		while (System.nanoTime() < until)
			measure.run(count);
	}

	private static String answer(String name, int count, int times, boolean first) throws Exception {
		Measure measure = find(name);
		if (measure == null)
			return "-";
		if (first && !name.equals("bytes"))
			warm(measure, Math.min(count, 20000));
		double[] results = new double[times];
		for (int i = 0; i < times; i++)
			results[i] = measure.run(count);
		Arrays.sort(results);
		return String.format("%.3f", results[times / 2]);
	}

	public static void main(String[] args) throws Exception {
		workers = Integer.parseInt(args[0]);
		pool = newPool();
		new Gate(pool).open();
		List<String> warmed = new ArrayList<>();
		Scanner in = new Scanner(System.in);
		while (in.hasNext()) {
			String name = in.next();
			int count = in.nextInt(), times = in.nextInt();
			System.out.println(answer(name, count, times, !warmed.contains(name)));
			warmed.add(name);
		}
		System.exit(0);
	}
}

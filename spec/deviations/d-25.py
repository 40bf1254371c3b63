from concurrent.futures import Future, as_completed
made = [Future() for _ in range(20)]
futures = as_completed(made)
for future in made: future.set_result(1)
print("keeps: in order" if list(futures) == made else "departs: in another order")

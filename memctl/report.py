def write(d, out): print("report", d)
